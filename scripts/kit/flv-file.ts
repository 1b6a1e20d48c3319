import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** A parsed FLV file (FLV specification, annex E). Payloads are views of the file's buffer. */
export interface FlvFile {
  /** Metadata and codec configuration, sent once at the start. */
  readonly headers: readonly FlvTag[];
  readonly audio: readonly FlvTag[];
  readonly video: readonly FlvTag[];
  /** Null without audio. */
  readonly audioSampleRateHz: number | null;
}

const FILE_HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const PREVIOUS_TAG_SIZE_BYTES = 4;
const SEQUENCE_HEADER = 0;
const RAW_MEDIA = 1;
/** ISO/IEC 14496-3, samplingFrequencyIndex. */
const AAC_SAMPLE_RATES_HZ = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000];

/** Parses an FLV file with H.264 and AAC. Throws on any other kind of tag. */
export function parseFlvFile(file: Buffer): FlvFile {
  const tags = [...readTags(file)];
  const ofPacket = (type: FlvTag['type'], packetType: number): FlvTag[] =>
    tags.filter((tag) => tag.type === type && tag.payload[1] === packetType);
  const audioHeaders = ofPacket(AUDIO_TAG, SEQUENCE_HEADER);
  const configuration = audioHeaders[0]?.payload.readUInt16BE(2);
  const sampleRate = configuration === undefined ? null : AAC_SAMPLE_RATES_HZ[(configuration >> 7) & 0xf];
  if (sampleRate === undefined) throw new Error('AAC with a sample rate that is not in the table');
  return {
    headers: [
      ...tags.filter((tag) => tag.type === SCRIPT_TAG),
      ...ofPacket(VIDEO_TAG, SEQUENCE_HEADER),
      ...audioHeaders,
    ],
    audio: ofPacket(AUDIO_TAG, RAW_MEDIA),
    video: ofPacket(VIDEO_TAG, RAW_MEDIA),
    audioSampleRateHz: sampleRate,
  };
}

/** The tags of an FLV file, in order. */
export function* readTags(file: Buffer): Generator<FlvTag> {
  let offset = FILE_HEADER_BYTES + PREVIOUS_TAG_SIZE_BYTES;
  while (offset < file.length) {
    const type = file.readUInt8(offset);
    if (type !== AUDIO_TAG && type !== VIDEO_TAG && type !== SCRIPT_TAG) throw new Error(`FLV tag of type ${type}`);
    const payloadBytes = file.readUIntBE(offset + 1, 3);
    const timestampMs = file.readUIntBE(offset + 4, 3) + file.readUInt8(offset + 7) * 2 ** 24;
    const start = offset + TAG_HEADER_BYTES;
    yield { type, timestampMs, payload: file.subarray(start, start + payloadBytes) };
    offset = start + payloadBytes + PREVIOUS_TAG_SIZE_BYTES;
  }
}

/** The header of an FLV file with the given tracks. */
export function flvFileHeader(hasAudio: boolean, hasVideo: boolean): Buffer {
  const flags = (hasAudio ? 4 : 0) + (hasVideo ? 1 : 0);
  return Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, FILE_HEADER_BYTES, 0, 0, 0, 0]);
}

/** One tag as it stands in a file, including the size after it. */
export function toFlvBytes({ type, timestampMs, payload }: FlvTag): Buffer {
  const bytes = Buffer.alloc(TAG_HEADER_BYTES + payload.length + PREVIOUS_TAG_SIZE_BYTES);
  bytes.writeUInt8(type, 0);
  bytes.writeUIntBE(payload.length, 1, 3);
  bytes.writeUIntBE(timestampMs % 2 ** 24, 4, 3);
  bytes.writeUInt8(Math.floor(timestampMs / 2 ** 24) % 256, 7);
  payload.copy(bytes, TAG_HEADER_BYTES);
  bytes.writeUInt32BE(TAG_HEADER_BYTES + payload.length, TAG_HEADER_BYTES + payload.length);
  return bytes;
}
