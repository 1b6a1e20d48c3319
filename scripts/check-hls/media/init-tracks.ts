import type { DefaultSample } from './media-fragments.ts';
import { findBoxes, needBox, readBoxes } from './mp4-boxes.ts';

/** One track of an init section. */
export interface InitTrack {
  readonly trackId: number;
  readonly timescale: number;
  readonly kind: 'video' | 'audio' | 'other';
  /** As in CODECS (RFC 6381). */
  readonly codec: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly channels: number | null;
  readonly defaults: DefaultSample;
}

const VISUAL_ENTRY_BYTES = 78;
const AUDIO_ENTRY_BYTES = 28;
const AAC_OBJECT_TYPE = 0x40;

/** The tracks of an init section. Throws if it can't be read. */
export function readInitTracks(bytes: Buffer): InitTrack[] {
  const moov = needBox(bytes, 'moov').payload;
  const defaults = new Map(findBoxes(moov, 'mvex', 'trex').map(({ payload }) => [payload.readUInt32BE(4), payload]));
  return findBoxes(moov, 'trak').map(({ payload }) => {
    const tkhd = needBox(payload, 'tkhd').payload;
    const trackId = tkhd.readUInt32BE(tkhd[0] === 1 ? 20 : 12);
    const mdhd = needBox(payload, 'mdia', 'mdhd').payload;
    const handler = needBox(payload, 'mdia', 'hdlr').payload.toString('latin1', 8, 12);
    const stsd = needBox(payload, 'mdia', 'minf', 'stbl', 'stsd').payload;
    const trex = defaults.get(trackId);
    return {
      trackId,
      timescale: mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12),
      kind: handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : 'other',
      ...readSampleEntry(stsd.subarray(8), handler),
      defaults: {
        durationTicks: trex?.readUInt32BE(12) ?? 0,
        sizeBytes: trex?.readUInt32BE(16) ?? 0,
      },
    };
  });
}

function readSampleEntry(bytes: Buffer, handler: string): Pick<InitTrack, 'codec' | 'width' | 'height' | 'channels'> {
  const [entry] = readBoxes(bytes);
  if (entry === undefined) throw new Error('an stsd box without an entry');
  const { type, payload } = entry;
  if (handler === 'vide') {
    const children = payload.subarray(VISUAL_ENTRY_BYTES);
    const size = { width: payload.readUInt16BE(24), height: payload.readUInt16BE(26), channels: null };
    return { codec: videoCodec(type, children), ...size };
  }
  if (handler === 'soun') {
    const audio = readAudio(type, payload.subarray(AUDIO_ENTRY_BYTES), payload.readUInt16BE(16));
    return { ...audio, width: null, height: null };
  }
  return { codec: type, width: null, height: null, channels: null };
}

function videoCodec(type: string, children: Buffer): string {
  if (type === 'avc1' || type === 'avc3') {
    return `${type}.${needBox(children, 'avcC').payload.toString('hex', 1, 4)}`;
  }
  if (type === 'hvc1' || type === 'hev1') return hevcCodec(type, needBox(children, 'hvcC').payload);
  if (type === 'av01') return av1Codec(needBox(children, 'av1C').payload);
  return type;
}

/** ISO/IEC 14496-15, annex E.3. */
function hevcCodec(type: string, hvcc: Buffer): string {
  const first = hvcc.readUInt8(1);
  const space = ['', 'A', 'B', 'C'][first >> 6] ?? '';
  // Its bits are written in reverse order.
  const flags = Number.parseInt([...hvcc.readUInt32BE(2).toString(2).padStart(32, '0')].reverse().join(''), 2);
  const constraints = [...hvcc.subarray(6, 12)].map((byte) => byte.toString(16).toUpperCase());
  while (constraints.at(-1) === '0') constraints.pop();
  const tier = (first & 0x20) === 0 ? 'L' : 'H';
  return [
    type,
    `${space}${first & 0x1f}`,
    flags.toString(16).toUpperCase(),
    `${tier}${hvcc.readUInt8(12)}`,
    ...constraints,
  ].join('.');
}

/** AV1 Codec ISO Media File Format Binding, section 5. */
function av1Codec(av1c: Buffer): string {
  const [, second = 0, third = 0] = av1c;
  const level = String(second & 0x1f).padStart(2, '0');
  const bits = (third & 0x40) === 0 ? '08' : (third & 0x20) === 0 ? '10' : '12';
  return `av01.${second >> 5}.${level}${(third & 0x80) === 0 ? 'M' : 'H'}.${bits}`;
}

function readAudio(type: string, children: Buffer, entryChannels: number): { codec: string; channels: number } {
  const [esds] = type === 'mp4a' ? findBoxes(children, 'esds') : [];
  if (esds === undefined) return { codec: type === 'Opus' ? 'opus' : type, channels: entryChannels };
  const descriptors = readDescriptors(esds.payload.subarray(4));
  const objectType = descriptors.config?.[0] ?? 0;
  const specific = descriptors.specific;
  if (objectType !== AAC_OBJECT_TYPE || specific === null || specific.length < 2) {
    return { codec: `mp4a.${objectType.toString(16)}`, channels: entryChannels };
  }
  const audioObjectType = specific.readUInt8(0) >> 3;
  const frequencyIndex = (specific.readUInt16BE(0) >> 7) & 0xf;
  // An explicit sampling frequency moves what follows. Then the entry's own number is taken.
  const configured = frequencyIndex === 0xf ? 0 : (specific.readUInt8(1) >> 3) & 0xf;
  const channels = configured === 7 ? 8 : configured;
  return { codec: `mp4a.40.${audioObjectType}`, channels: channels === 0 ? entryChannels : channels };
}

/** The DecoderConfigDescriptor and the DecoderSpecificInfo of an ES_Descriptor (ISO/IEC 14496-1 7.2.6). */
function readDescriptors(bytes: Buffer): { readonly config: Buffer | null; readonly specific: Buffer | null } {
  const es = readDescriptor(bytes, 0x03);
  const flags = es?.[2] ?? 0;
  if (es === null || (flags & 0xe0) !== 0) return { config: null, specific: null };
  const config = readDescriptor(es.subarray(3), 0x04);
  return { config, specific: config === null ? null : readDescriptor(config.subarray(13), 0x05) };
}

function readDescriptor(bytes: Buffer, tag: number): Buffer | null {
  if (bytes[0] !== tag) return null;
  let length = 0;
  let offset = 1;
  for (; offset < 5; offset++) {
    const byte = bytes[offset] ?? 0;
    length = length * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) break;
  }
  return bytes.subarray(offset + 1, offset + 1 + length);
}
