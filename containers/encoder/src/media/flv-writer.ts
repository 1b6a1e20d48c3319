import type { FlvTag } from './flv-tag.ts';

/** Before the payload of a tag in a file (FLV specification E.4.1). */
export const TAG_HEADER_BYTES = 11;
const HAS_AUDIO = 0x04;
const HAS_VIDEO = 0x01;

/** An FLV file's header. It names the tracks, so that a demuxer does not wait for others (FLV specification E.2). */
export function flvHeader(tracks: { readonly hasVideo: boolean; readonly hasAudio: boolean }): Buffer {
  const flags = (tracks.hasVideo ? HAS_VIDEO : 0) | (tracks.hasAudio ? HAS_AUDIO : 0);
  return Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]);
}

/** An FLV tag and its trailing size (FLV specification E.4.1). `timestampMs` replaces the tag's own timestamp. */
export function flvTag(tag: FlvTag, timestampMs: number): Buffer {
  const sizeBytes = tag.payload.length;
  const bytes = Buffer.allocUnsafe(TAG_HEADER_BYTES + sizeBytes + 4);
  bytes.writeUInt8(tag.type, 0);
  bytes.writeUIntBE(sizeBytes, 1, 3);
  bytes.writeUIntBE(timestampMs & 0xffffff, 4, 3);
  bytes.writeUInt8((timestampMs >>> 24) & 0xff, 7);
  bytes.writeUIntBE(0, 8, 3);
  tag.payload.copy(bytes, TAG_HEADER_BYTES);
  bytes.writeUInt32BE(TAG_HEADER_BYTES + sizeBytes, TAG_HEADER_BYTES + sizeBytes);
  return bytes;
}
