import { AVC_CODEC_ID, type FlvTag, isVideoKeyframe, readVideoTagHeader, VIDEO_TAG } from './flv-tag.ts';

/** Everything that comes before the picture in an access unit is among so many NAL units. */
const MAX_NAL_UNITS = 16;
/** Recovery points are short, and at the beginning of their SEI. */
const MAX_SEI_BYTES = 512;
/** How many bytes the length before a NAL unit has, at all broadcasters. */
const LENGTH_BYTES = 4;
/** ITU-T H.264 D.1.1 and H.265 D.2.1: "the payload type of a recovery point". */
const RECOVERY_POINT = 6;

interface NalSyntax {
  readonly headerBytes: number;
  /** The type of a unit, from its first byte. */
  readonly type: (first: number) => number;
  readonly isPicture: (type: number) => boolean;
  readonly seiType: number;
}

const H264: NalSyntax = {
  headerBytes: 1,
  type: (first) => first & 0x1f,
  isPicture: (type) => type >= 1 && type <= 5,
  seiType: 6,
};
const HEVC: NalSyntax = {
  headerBytes: 2,
  type: (first) => (first >> 1) & 0x3f,
  isPicture: (type) => type < 32,
  seiType: 39,
};

/**
 * Whether decoding may start with a tag: at a keyframe, or at a recovery point of H.264 or HEVC, from which the picture becomes
 * whole. Sources with intra refresh have a keyframe at their beginning only.
 */
export function startsDecoding(tag: FlvTag): boolean {
  return isVideoKeyframe(tag) || isRecoveryPoint(tag);
}

function isRecoveryPoint({ type, payload }: FlvTag): boolean {
  const header = type === VIDEO_TAG ? readVideoTagHeader(payload) : null;
  if (header === null || header.frameType === 5) return false;
  if (!header.enhanced) {
    return header.low === AVC_CODEC_ID && payload[1] === 1 && hasRecoveryPoint(payload.subarray(5), H264);
  }
  // CodedFrames has a composition time before the data, CodedFramesX has none.
  if (header.low !== 1 && header.low !== 3) return false;
  const syntax = { hvc1: HEVC, avc1: H264 }[payload.toString('latin1', 1, 5)];
  return syntax !== undefined && hasRecoveryPoint(payload.subarray(header.low === 1 ? 8 : 5), syntax);
}

function hasRecoveryPoint(data: Buffer, { headerBytes, type, isPicture, seiType }: NalSyntax): boolean {
  let offset = 0;
  for (let unit = 0; unit < MAX_NAL_UNITS && offset + LENGTH_BYTES < data.length; unit++) {
    const length = data.readUInt32BE(offset);
    const start = offset + LENGTH_BYTES;
    const unitType = type(data.readUInt8(start));
    if (isPicture(unitType)) return false;
    if (unitType === seiType && isRecoverySei(data.subarray(start + headerBytes, start + length))) return true;
    offset = start + length;
  }
  return false;
}

/** SEI messages are a type, a length and a payload each (H.264 7.3.2.3.1). */
function isRecoverySei(escaped: Buffer): boolean {
  const sei = withoutEscapes(escaped.subarray(0, MAX_SEI_BYTES));
  let offset = 0;
  const read = (): number => {
    let value = 0;
    for (; sei[offset] === 0xff; offset++) value += 0xff;
    value += sei[offset] ?? 0;
    offset++;
    return value;
  };
  // The trailing bits are one byte.
  while (offset + 1 < sei.length) {
    if (read() === RECOVERY_POINT) return true;
    const length = read();
    offset += length;
  }
  return false;
}

/** Removes the emulation prevention bytes (H.264 7.4.1.1). */
function withoutEscapes(escaped: Buffer): readonly number[] {
  const bytes: number[] = [];
  let zeros = 0;
  for (const byte of escaped) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes.push(byte);
  }
  return bytes;
}
