import { FIRST_V2_PACKET_TYPE, type FlvTag, readVideoTagHeader, VIDEO_TAG } from './flv-tag.ts';

/** The video codecs of Enhanced RTMP v1, with the FFmpeg decoders that need no special hardware. */
export const ENHANCED_CODECS = [
  { fourCc: 'hvc1', codec: 'hevc', name: 'HEVC', decoders: ['hevc'] },
  { fourCc: 'av01', codec: 'av1', name: 'AV1', decoders: ['libdav1d', 'libaom-av1'] },
  { fourCc: 'vp09', codec: 'vp9', name: 'VP9', decoders: ['vp9', 'libvpx-vp9'] },
] as const;

export type EnhancedFourCc = (typeof ENHANCED_CODECS)[number]['fourCc'];

/** The codec's name if a video tag has an Enhanced RTMP codec that is not in `decodable`; null for any other tag. */
export function undecodableCodec(tag: FlvTag, decodable: ReadonlySet<EnhancedFourCc>): string | null {
  const header = tag.type === VIDEO_TAG ? readVideoTagHeader(tag.payload) : null;
  if (header === null || !header.enhanced || header.low >= FIRST_V2_PACKET_TYPE) return null;
  const fourCc = tag.payload.toString('latin1', 1, 5);
  const codec = ENHANCED_CODECS.find((known) => known.fourCc === fourCc);
  return codec === undefined || decodable.has(codec.fourCc) ? null : codec.name;
}
