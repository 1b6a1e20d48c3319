import { BitReader } from './bit-reader.ts';
import { ENHANCED_CODECS } from './enhanced-codecs.ts';
import { CODED_FRAMES, SEQUENCE_START } from './enhanced-tracks.ts';
import { type SourceAudio, UnsupportedSourceError } from './source-description.ts';

/** Before the body of a plain audio tag of Enhanced RTMP. */
export const ENHANCED_AUDIO_HEADER_BYTES = 5;

/** RFC 7845, 5.1. Opus always decodes to 48 kHz. */
const OPUS_MAGIC = 'OpusHead';
const OPUS_CHANNELS_OFFSET = 9;
const OPUS_SAMPLE_RATE_HZ = 48_000;
/** RFC 9639, 8.1 and 8.2. FFmpeg sends the STREAMINFO block without its header, and without the marker. */
const FLAC_MARKER = 'fLaC';
const FLAC_BLOCK_HEADER_BYTES = 4;
const STREAM_INFO_BYTES = 34;
/** Bits of STREAMINFO before the sample rate: block and frame sizes. */
const STREAM_INFO_SIZES_BITS = 80;
/** ATSC A/52, tables 5.6 and 5.8. */
const AC3_SYNC_WORD = 0x0b77;
const AC3_SAMPLE_RATES_HZ = [48_000, 44_100, 32_000] as const;
const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5] as const;
/** Streams with a higher `bsid` are E-AC-3. */
const LAST_AC3_BSID = 10;

/**
 * Derives the audio from a plain tag of Enhanced RTMP: from the header of Opus and FLAC, from any frame of AC-3 and E-AC-3. Null if
 * the tag does not tell. Throws UnsupportedSourceError.
 */
export function parseEnhancedAudio(payload: Buffer): SourceAudio | null {
  const packetType = (payload[0] ?? 0) & 0x0f;
  if (packetType !== SEQUENCE_START && packetType !== CODED_FRAMES) {
    throw new UnsupportedSourceError('An audio tag of Enhanced RTMP is damaged');
  }
  const fourCc = payload.toString('latin1', 1, ENHANCED_AUDIO_HEADER_BYTES);
  const known = ENHANCED_CODECS.find((codec) => codec.fourCc === fourCc);
  if (known?.kind !== 'audio') {
    const shown = fourCc.replace(/[^\x20-\x7e]/g, '?');
    throw new UnsupportedSourceError(`Audio codec "${shown}" is not supported; send AAC`);
  }
  const body = payload.subarray(ENHANCED_AUDIO_HEADER_BYTES);
  const isHeader = packetType === SEQUENCE_START;
  switch (known.codec) {
    case 'opus':
      return isHeader ? { codec: 'opus', ...required(parseOpusHead(body), known.name) } : null;
    case 'flac':
      return isHeader ? { codec: 'flac', ...required(parseStreamInfo(flacStreamInfo(body)), known.name) } : null;
    case 'ac3':
    case 'eac3':
      return isHeader ? null : { codec: known.codec, ...required(parseAc3Frame(body), known.name) };
  }
}

type AudioFormat = Pick<SourceAudio, 'sampleRateHz' | 'channels'>;

function required(format: AudioFormat | null, name: string): AudioFormat {
  if (format === null) throw new UnsupportedSourceError(`The ${name} header is damaged`);
  return format;
}

/** The STREAMINFO block without its header, from any of the forms in which publishers send it. */
export function flacStreamInfo(body: Buffer): Buffer {
  const block =
    body.toString('latin1', 0, FLAC_MARKER.length) === FLAC_MARKER ? body.subarray(FLAC_MARKER.length) : body;
  const start = block.length > STREAM_INFO_BYTES ? FLAC_BLOCK_HEADER_BYTES : 0;
  return block.subarray(start, start + STREAM_INFO_BYTES);
}

/** The format that an identification header of Opus tells (RFC 7845, 5.1); null if it is damaged. */
export function parseOpusHead(head: Buffer): AudioFormat | null {
  const channels = head[OPUS_CHANNELS_OFFSET] ?? 0;
  if (head.toString('latin1', 0, OPUS_MAGIC.length) !== OPUS_MAGIC || channels === 0) return null;
  return { sampleRateHz: OPUS_SAMPLE_RATE_HZ, channels };
}

function parseStreamInfo(info: Buffer): AudioFormat | null {
  const bits = new BitReader(info);
  bits.skip(STREAM_INFO_SIZES_BITS);
  const sampleRateHz = bits.readBits(20);
  const channels = bits.readBits(3) + 1;
  return info.length < STREAM_INFO_BYTES || sampleRateHz === 0 ? null : { sampleRateHz, channels };
}

function parseAc3Frame(frame: Buffer): AudioFormat | null {
  const bits = new BitReader(frame);
  if (bits.readBits(16) !== AC3_SYNC_WORD) return null;
  const isEnhanced = (frame[5] ?? 0) >> 3 > LAST_AC3_BSID;
  // In AC-3, a checksum comes first; in E-AC-3, the kind of stream and the frame's size.
  bits.skip(16);
  const rate = bits.readBits(2);
  const halvedRate = rate === 3 && isEnhanced ? bits.readBits(2) : null;
  const sampleRateHz = halvedRate === null ? AC3_SAMPLE_RATES_HZ[rate] : halved(AC3_SAMPLE_RATES_HZ[halvedRate]);
  // AC-3: frame size, bsid, bsmod. E-AC-3: number of blocks, unless the rate took its bits.
  bits.skip(isEnhanced ? (halvedRate === null ? 2 : 0) : 6 + 5 + 3);
  const channels = AC3_CHANNELS[bits.readBits(3)];
  if (bits.exhausted || sampleRateHz === undefined || channels === undefined) return null;
  return { sampleRateHz, channels };
}

function halved(sampleRateHz: number | undefined): number | undefined {
  return sampleRateHz === undefined ? undefined : sampleRateHz / 2;
}
