import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** Packet types of Enhanced RTMP v2, "ExVideoTagHeader" and "ExAudioTagHeader". */
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const VIDEO_MULTITRACK = 6;
const AUDIO_MULTITRACK = 5;
const MOD_EX = 7;
const EX_AUDIO_FORMAT = 9;
const VIDEO_HEADER_BYTES = 5;
const AUDIO_HEADER_BYTES = 2;

/** A message of Enhanced RTMP, taken apart. */
export interface EnhancedTag {
  readonly type: FlvTag['type'];
  readonly timestampMs: number;
  readonly packetType: number;
  /** 1 for keyframes, 2 for other frames. Audio has none. */
  readonly frameType: number;
  readonly fourCc: string;
  /** What follows the FourCC. */
  readonly body: Buffer;
}

/** A legacy AVC or AAC tag in terms of Enhanced RTMP. */
export function toEnhanced({ type, timestampMs, payload }: FlvTag): EnhancedTag {
  const packetType = payload[1] === 0 ? SEQUENCE_START : CODED_FRAMES;
  if (type === AUDIO_TAG) {
    return { type, timestampMs, packetType, frameType: 0, fourCc: 'mp4a', body: payload.subarray(AUDIO_HEADER_BYTES) };
  }
  // Coded frames of AVC have a composition time; its configuration has none.
  const body = payload.subarray(packetType === SEQUENCE_START ? VIDEO_HEADER_BYTES : AUDIO_HEADER_BYTES);
  return { type, timestampMs, packetType, frameType: ((payload[0] ?? 0) >> 4) & 7, fourCc: 'avc1', body };
}

/** The message, of a single track. */
export const enhancedTag = (tag: EnhancedTag): FlvTag =>
  withPayload(tag, [firstByte(tag, tag.packetType)], fourCcOf(tag), tag.body);

/** The message as that of one track among several. */
export function multitrackTag(tag: EnhancedTag, trackId: number): FlvTag {
  const multitrack = tag.type === VIDEO_TAG ? VIDEO_MULTITRACK : AUDIO_MULTITRACK;
  // The high four bits are the type "one track".
  return withPayload(
    tag,
    [firstByte(tag, multitrack), tag.packetType],
    fourCcOf(tag),
    Buffer.from([trackId]),
    tag.body,
  );
}

/** The message behind a modifier that gives its timestamp nanoseconds. */
export function modExTag(tag: EnhancedTag, nanoseconds: number): FlvTag {
  const modifier = Buffer.alloc(4);
  modifier.writeUInt8(2, 0); // the size less one
  modifier.writeUIntBE(nanoseconds, 1, 3);
  // The high four bits are the type TimestampOffsetNano.
  return withPayload(tag, [firstByte(tag, MOD_EX)], modifier, Buffer.from([tag.packetType]), fourCcOf(tag), tag.body);
}

/** Audio of another codec than AAC. An empty `body` begins the track where the codec needs no configuration. */
export const audioTag = (fourCc: string, timestampMs: number, body: Buffer, isConfiguration = false): FlvTag =>
  enhancedTag({
    ...{ type: AUDIO_TAG, timestampMs, frameType: 0, fourCc, body },
    packetType: isConfiguration ? SEQUENCE_START : CODED_FRAMES,
  });

function firstByte({ type, frameType }: EnhancedTag, packetType: number): number {
  return type === VIDEO_TAG ? 0x80 | (frameType << 4) | packetType : (EX_AUDIO_FORMAT << 4) | packetType;
}

const fourCcOf = ({ fourCc }: EnhancedTag): Buffer => Buffer.from(fourCc, 'latin1');

function withPayload({ type, timestampMs }: EnhancedTag, head: readonly number[], ...rest: Buffer[]): FlvTag {
  return { type, timestampMs, payload: Buffer.concat([Buffer.from(head), ...rest]) };
}
