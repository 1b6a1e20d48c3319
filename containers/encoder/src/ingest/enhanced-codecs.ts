import type { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { FIRST_V2_PACKET_TYPE, type FlvTag, readVideoTagHeader, VIDEO_TAG } from './flv-tag.ts';

/** Video codecs of Enhanced RTMP v1 by FourCC, with the decoders of FFmpeg for them that need no special hardware. */
export const ENHANCED_CODECS = [
  { fourCc: 'hvc1', codec: 'hevc', name: 'HEVC', decoders: ['hevc'] },
  { fourCc: 'av01', codec: 'av1', name: 'AV1', decoders: ['libdav1d', 'libaom-av1'] },
  { fourCc: 'vp09', codec: 'vp9', name: 'VP9', decoders: ['vp9', 'libvpx-vp9'] },
] as const;
/** The first FFmpeg whose FLV demuxer knows FourCCs. */
const FIRST_VERSION = { major: 6, minor: 1 } as const;

/** A video codec of Enhanced RTMP. */
export type EnhancedFourCc = (typeof ENHANCED_CODECS)[number]['fourCc'];

/** Asks the installed FFmpeg which codecs of Enhanced RTMP it can decode from FLV. Rejects where there is no FFmpeg. */
export async function readEnhancedCodecs(spawnProcess: typeof spawn): Promise<ReadonlySet<EnhancedFourCc>> {
  const ffmpeg = spawnProcess('ffmpeg', ['-nostdin', '-decoders'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [decoders, banner] = await Promise.all([text(ffmpeg.stdout), text(ffmpeg.stderr), once(ffmpeg, 'close')]);
  return parseEnhancedCodecs(banner, decoders);
}

/** The same from FFmpeg's banner and its list of decoders. */
export function parseEnhancedCodecs(banner: string, decoderList: string): ReadonlySet<EnhancedFourCc> {
  // Builds from the development branch have no number; all that are still around are newer.
  const [, major = '99', minor = '0'] = /^ffmpeg version n?(\d+)\.(\d+)/m.exec(banner) ?? [];
  const isOld =
    Number(major) < FIRST_VERSION.major ||
    (Number(major) === FIRST_VERSION.major && Number(minor) < FIRST_VERSION.minor);
  if (isOld) return new Set();
  const decoders = new Set([...decoderList.matchAll(/^ V\S{5} (\S+)/gm)].map((match) => match[1] ?? ''));
  const decodable = ENHANCED_CODECS.filter((codec) => codec.decoders.some((name) => decoders.has(name)));
  return new Set(decodable.map(({ fourCc }) => fourCc));
}

/** Name of the codec of a video tag where it is one of Enhanced RTMP that is not among `decodable`; null for any other tag. */
export function undecodableCodec(tag: FlvTag, decodable: ReadonlySet<EnhancedFourCc>): string | null {
  const header = tag.type === VIDEO_TAG ? readVideoTagHeader(tag.payload) : null;
  if (header === null || !header.enhanced || header.low >= FIRST_V2_PACKET_TYPE) return null;
  const fourCc = tag.payload.toString('latin1', 1, 5);
  const codec = ENHANCED_CODECS.find((known) => known.fourCc === fourCc);
  return codec === undefined || decodable.has(codec.fourCc) ? null : codec.name;
}
