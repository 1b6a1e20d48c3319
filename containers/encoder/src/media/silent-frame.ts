import { AAC_CONFIG_OFFSET, AAC_FRAME_SAMPLES, readAacObjectType, readAacSampleRateHz } from './aac-config.ts';
import { BitReader } from './bit-reader.ts';
import { ENHANCED_AUDIO_HEADER_BYTES, parseOpusHead } from './enhanced-audio.ts';
import type { EnhancedFourCc } from './enhanced-codecs.ts';
import { CODED_FRAMES } from './enhanced-tracks.ts';
import { AAC_SOUND_FORMAT, EX_HEADER_SOUND_FORMAT, type FlvTag, isAudioSequenceHeader } from './flv-tag.ts';

/** A frame of audio in which nothing is heard. */
export interface SilentFrame {
  /** The body of an FLV tag. */
  readonly payload: Buffer;
  readonly durationMs: number;
}

/** Sound formats of MP3 (FLV specification, table E.4.2.1). */
const MP3_SOUND_FORMATS: readonly number[] = [2, 14];

/**
 * Silence in a source's own codec, from what it has sent: its sequence header, or its newest frame if its codec has none. Null if
 * no silent frame is known for it.
 */
export function silentFrame(tag: FlvTag): SilentFrame | null {
  const first = tag.payload[0] ?? 0;
  const format = first >> 4;
  if (format === AAC_SOUND_FORMAT && tag.payload[1] === 0)
    return silentAac(first, tag.payload.subarray(AAC_CONFIG_OFFSET));
  if (format === EX_HEADER_SOUND_FORMAT && isAudioSequenceHeader(tag)) return silentOpus(tag.payload);
  return MP3_SOUND_FORMATS.includes(format) ? silentMp3(tag.payload) : null;
}

/** The object types whose frames have 1,024 samples and the syntax of table 4.3: Main, LC, SSR, LTP, SBR, PS. */
const GENERAL_OBJECT_TYPES: readonly number[] = [1, 2, 3, 4, 5, 29];
const EXTENSION_OBJECT_TYPES: readonly number[] = [5, 29];

/** Syntactic elements (ISO/IEC 14496-3, table 4.85). */
const SINGLE = 0;
const PAIR = 1;
const LOW_FREQUENCY = 3;
const END = 7;
/** The elements of each channel configuration (ISO/IEC 14496-3, table 1.19). */
const ELEMENTS_BY_CONFIGURATION: ReadonlyMap<number, readonly number[]> = new Map([
  [1, [SINGLE]],
  [2, [PAIR]],
  [3, [SINGLE, PAIR]],
  [4, [SINGLE, PAIR, SINGLE]],
  [5, [SINGLE, PAIR, PAIR]],
  [6, [SINGLE, PAIR, PAIR, LOW_FREQUENCY]],
  [7, [SINGLE, PAIR, PAIR, PAIR, LOW_FREQUENCY]],
  [11, [SINGLE, PAIR, PAIR, SINGLE, LOW_FREQUENCY]],
  [12, [SINGLE, PAIR, PAIR, PAIR, LOW_FREQUENCY]],
  [14, [SINGLE, PAIR, PAIR, LOW_FREQUENCY, PAIR]],
]);

/** `first` is the first byte of the source's tags. SBR needs no data of its own: without it, it doubles silence. */
function silentAac(first: number, config: Buffer): SilentFrame | null {
  const bits = new BitReader(config);
  const objectType = readAacObjectType(bits);
  const coreRateHz = readAacSampleRateHz(bits);
  const data = silentAacFrame(bits.readBits(4));
  if (data === null || coreRateHz === null || !GENERAL_OBJECT_TYPES.includes(objectType)) return null;
  if (EXTENSION_OBJECT_TYPES.includes(objectType)) {
    readAacSampleRateHz(bits);
    readAacObjectType(bits);
  }
  const hasShortFrames = bits.readFlag(); // frameLengthFlag: 960 samples
  if (bits.exhausted || hasShortFrames) return null;
  return { payload: Buffer.from([first, 1, ...data]), durationMs: (AAC_FRAME_SAMPLES * 1000) / coreRateHz };
}

/** A silent frame of AAC (raw_data_block, ISO/IEC 14496-3, table 4.3). Null for a channel configuration that says nothing. */
export function silentAacFrame(channelConfiguration: number): Buffer | null {
  const elements = ELEMENTS_BY_CONFIGURATION.get(channelConfiguration);
  if (elements === undefined) return null;
  const block = [
    ...elements.map((element, index) => silentElement(element, countOf(element, elements.slice(0, index)))),
    bitText(END, 3),
  ].join('');
  const bytes = block.match(/.{1,8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

/** ISO/IEC 14496-3, tables 4.4, 4.5 and 4.9. Elements of a kind are numbered. */
function silentElement(element: number, number: number): string {
  const tag = bitText(element, 3) + bitText(number, 4);
  return element === PAIR ? `${tag}0${SILENT_CHANNEL}${SILENT_CHANNEL}` : tag + SILENT_CHANNEL;
}

function countOf(element: number, elements: readonly number[]): number {
  return elements.filter((other) => other === element).length;
}

/** individual_channel_stream without scale factor bands (tables 4.50 and 4.6): gain, long window, no tools. */
const SILENT_CHANNEL = bitText(0, 8) + bitText(0, 11) + bitText(0, 3);

function bitText(value: number, count: number): string {
  return value.toString(2).padStart(count, '0');
}

const MP3_HEADER_BYTES = 4;
/** ISO/IEC 11172-3, 2.4.2.3. */
const MP3_SAMPLE_RATES_HZ = [44_100, 48_000, 32_000] as const;

/** The header of a source's frame, and zeros: no channel has any data. */
function silentMp3(payload: Buffer): SilentFrame | null {
  const header = payload.subarray(1, 1 + MP3_HEADER_BYTES);
  const [sync = 0, version = 0, rates = 0] = header;
  const baseRateHz = MP3_SAMPLE_RATES_HZ[((rates >> 2) & 3) as 0 | 1 | 2];
  if (header.length < MP3_HEADER_BYTES || sync !== 0xff || version >> 5 !== 7 || baseRateHz === undefined) return null;
  const isFirstVersion = ((version >> 3) & 3) === 3;
  const isHalfOfSecond = ((version >> 3) & 3) === 0;
  const rateHz = isFirstVersion ? baseRateHz : baseRateHz / (isHalfOfSecond ? 4 : 2);
  const silent = Buffer.alloc(payload.length);
  payload.copy(silent, 0, 0, 1 + MP3_HEADER_BYTES);
  silent[2] = version | 1; // no checksum follows
  return { payload: silent, durationMs: ((isFirstVersion ? 1152 : 576) * 1000) / rateHz };
}

const OPUS_FOURCC: EnhancedFourCc = 'Opus';
/** RFC 6716, 3.1: CELT, full band, one frame of 20 ms. */
const OPUS_CONFIGURATION = 31;
const OPUS_FRAME_MS = 20;
/** A frame of CELT whose first symbol says that it is silent (RFC 6716, 4.3). */
const SILENT_CELT = [0xff, 0xfe];

/** Each packet of Opus says itself how it is coded. One of more than two channels is made of several streams. */
function silentOpus(header: Buffer): SilentFrame | null {
  const fourCc = header.subarray(1, ENHANCED_AUDIO_HEADER_BYTES);
  const head = parseOpusHead(header.subarray(ENHANCED_AUDIO_HEADER_BYTES));
  if (fourCc.toString('latin1') !== OPUS_FOURCC || head === null || head.channels > 2) return null;
  const contents = (OPUS_CONFIGURATION << 3) | (head.channels === 2 ? 4 : 0);
  const first = (EX_HEADER_SOUND_FORMAT << 4) | CODED_FRAMES;
  return { payload: Buffer.from([first, ...fourCc, contents, ...SILENT_CELT]), durationMs: OPUS_FRAME_MS };
}
