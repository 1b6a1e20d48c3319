import type { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ENHANCED_CODECS, type EnhancedFourCc } from '#encoder/media/enhanced-codecs.ts';

/** Asks the installed FFmpeg which codecs of Enhanced RTMP it can decode. Rejects if FFmpeg is not installed. */
export async function readEnhancedCodecs(spawnProcess: typeof spawn): Promise<ReadonlySet<EnhancedFourCc>> {
  const ffmpeg = spawnProcess('ffmpeg', ['-nostdin', '-decoders'], { stdio: ['ignore', 'pipe', 'pipe'] });
  ffmpeg.stderr.resume();
  const [decoders] = await Promise.all([text(ffmpeg.stdout), once(ffmpeg, 'close')]);
  return parseEnhancedCodecs(decoders);
}

/** Does the same with FFmpeg's list of decoders. */
export function parseEnhancedCodecs(decoderList: string): ReadonlySet<EnhancedFourCc> {
  const decoders = new Set([...decoderList.matchAll(/^ [VA]\S{5} (\S+)/gm)].map((match) => match[1] ?? ''));
  const decodable = ENHANCED_CODECS.filter((codec) => codec.decoders.some((name) => decoders.has(name)));
  return new Set(decodable.map(({ fourCc }) => fourCc));
}
