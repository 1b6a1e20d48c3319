import type { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What the installed FFmpeg prints for one of its lists. Rejects if FFmpeg is not installed. */
export async function readFfmpegList(spawnProcess: typeof spawn, option: '-decoders' | '-encoders'): Promise<string> {
  const ffmpeg = spawnProcess('ffmpeg', ['-nostdin', option], { stdio: ['ignore', 'pipe', 'pipe'] });
  ffmpeg.stderr.resume();
  const [list] = await Promise.all([text(ffmpeg.stdout), once(ffmpeg, 'close')]);
  return list;
}

/** The names in a list of decoders or encoders. */
export const listedNames = (list: string): ReadonlySet<string> =>
  new Set([...list.matchAll(/^ [VA]\S{5} (\S+)/gm)].map((match) => match[1] ?? ''));
