import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const LIMIT_MS = 30_000;

/** The mean brightness of the first picture of a playlist's newest segment, 0 to 255. */
export async function newestBrightness(playlistUrl: string, signal: AbortSignal): Promise<number> {
  const input = ['-loglevel', 'error', '-live_start_index', '-1', '-i', playlistUrl];
  const output = ['-frames:v', '1', '-vf', 'scale=1:1:flags=area', '-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:1'];
  const { stdout } = await promisify(execFile)('ffmpeg', ['-hide_banner', '-nostdin', ...input, ...output], {
    ...{ signal, timeout: LIMIT_MS, killSignal: 'SIGKILL', encoding: 'buffer' },
  });
  const [brightness] = stdout;
  if (brightness === undefined) throw new Error(`no picture in ${new URL(playlistUrl).pathname}`);
  return brightness;
}
