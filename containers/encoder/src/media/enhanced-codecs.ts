import { readEnhancedTracks } from './enhanced-tracks.ts';
import { AUDIO_TAG, type FlvTag } from './flv-tag.ts';

/** The codecs that only Enhanced RTMP has and that are accepted, with the FFmpeg decoders that need no special hardware. */
export const ENHANCED_CODECS = [
  { fourCc: 'hvc1', kind: 'video', codec: 'hevc', name: 'HEVC', decoders: ['hevc'] },
  { fourCc: 'av01', kind: 'video', codec: 'av1', name: 'AV1', decoders: ['libdav1d', 'libaom-av1'] },
  { fourCc: 'vp09', kind: 'video', codec: 'vp9', name: 'VP9', decoders: ['vp9', 'libvpx-vp9'] },
  { fourCc: 'Opus', kind: 'audio', codec: 'opus', name: 'Opus', decoders: ['opus', 'libopus'] },
  { fourCc: 'fLaC', kind: 'audio', codec: 'flac', name: 'FLAC', decoders: ['flac'] },
  { fourCc: 'ac-3', kind: 'audio', codec: 'ac3', name: 'AC-3', decoders: ['ac3', 'ac3_fixed'] },
  { fourCc: 'ec-3', kind: 'audio', codec: 'eac3', name: 'E-AC-3', decoders: ['eac3'] },
] as const;

export type EnhancedFourCc = (typeof ENHANCED_CODECS)[number]['fourCc'];

/** FourCCs of the codecs that FLV has had from its beginnings. */
export const AVC_FOURCC = 'avc1';
export const AAC_FOURCC = 'mp4a';
export const MP3_FOURCC = '.mp3';

/** The codec's name if a tag begins with an Enhanced RTMP codec that is not in `decodable`; null for any other tag. */
export function undecodableCodec(tag: FlvTag, decodable: ReadonlySet<EnhancedFourCc>): string | null {
  const fourCc = readEnhancedTracks(tag)?.[0]?.fourCc;
  const kind = tag.type === AUDIO_TAG ? 'audio' : 'video';
  const codec = ENHANCED_CODECS.find((known) => known.fourCc === fourCc && known.kind === kind);
  return codec === undefined || decodable.has(codec.fourCc) ? null : codec.name;
}
