import { AAC_CONFIG_OFFSET, parseAacConfig } from '#encoder/media/aac-config.ts';
import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { TAG_HEADER_BYTES } from '#encoder/media/flv-writer.ts';

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
const PREVIOUS_TAG_SIZE_BYTES = 4;
const SEQUENCE_HEADER = 0;
const RAW_MEDIA = 1;

/** Parses an FLV file with H.264 and AAC. Throws on any other kind of tag. */
export function parseFlvFile(file: Buffer): FlvFile {
  const tags = [...readTags(file)];
  const ofPacket = (type: FlvTag['type'], packetType: number): FlvTag[] =>
    tags.filter((tag) => tag.type === type && tag.payload[1] === packetType);
  const audioHeaders = ofPacket(AUDIO_TAG, SEQUENCE_HEADER);
  const audioConfig =
    audioHeaders[0] === undefined ? null : parseAacConfig(audioHeaders[0].payload.subarray(AAC_CONFIG_OFFSET));
  return {
    headers: [
      ...tags.filter((tag) => tag.type === SCRIPT_TAG),
      ...ofPacket(VIDEO_TAG, SEQUENCE_HEADER),
      ...audioHeaders,
    ],
    audio: ofPacket(AUDIO_TAG, RAW_MEDIA),
    video: ofPacket(VIDEO_TAG, RAW_MEDIA),
    audioSampleRateHz: audioConfig?.sampleRateHz ?? null,
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
