import type { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ENHANCED_CODECS, type EnhancedFourCc } from '#encoder/media/enhanced-codecs.ts';

/** The first FFmpeg whose FLV demuxer knows FourCCs. */
const FIRST_VERSION = { major: 6, minor: 1 } as const;

/**
 * Asks the installed FFmpeg which codecs of Enhanced RTMP it can decode from FLV. Rejects if FFmpeg is not installed.
 */
export async function readEnhancedCodecs(spawnProcess: typeof spawn): Promise<ReadonlySet<EnhancedFourCc>> {
  const ffmpeg = spawnProcess('ffmpeg', ['-nostdin', '-decoders'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [decoders, banner] = await Promise.all([text(ffmpeg.stdout), text(ffmpeg.stderr), once(ffmpeg, 'close')]);
  return parseEnhancedCodecs(banner, decoders);
}

/** Does the same with FFmpeg's banner and its list of decoders. */
export function parseEnhancedCodecs(banner: string, decoderList: string): ReadonlySet<EnhancedFourCc> {
  // Development builds have no version number. All that are still in use are newer than FIRST_VERSION.
  const [, major = '99', minor = '0'] = /^ffmpeg version n?(\d+)\.(\d+)/m.exec(banner) ?? [];
  const isOld =
    Number(major) < FIRST_VERSION.major ||
    (Number(major) === FIRST_VERSION.major && Number(minor) < FIRST_VERSION.minor);
  if (isOld) return new Set();
  const decoders = new Set([...decoderList.matchAll(/^ V\S{5} (\S+)/gm)].map((match) => match[1] ?? ''));
  const decodable = ENHANCED_CODECS.filter((codec) => codec.decoders.some((name) => decoders.has(name)));
  return new Set(decodable.map(({ fourCc }) => fourCc));
}
