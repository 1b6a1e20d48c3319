import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { readTags } from '#kit/flv-file.ts';

/** Publishes with FFmpeg and resolves when it has exited. */
export async function publishWithFfmpeg(
  url: string,
  options: readonly string[],
): Promise<{ code: number; stderr: string }> {
  const ffmpeg = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'error', ...options, '-f', 'flv', url], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [stderr, [code]] = await Promise.all([text(ffmpeg.stderr), once(ffmpeg, 'exit')]);
  return { code, stderr };
}

/** The tags of an FLV file that FFmpeg makes with these options. */
export async function makeFlvTags(options: readonly string[]): Promise<FlvTag[]> {
  const ffmpeg = spawn(
    'ffmpeg',
    ['-hide_banner', '-nostdin', '-loglevel', 'error', ...options, '-f', 'flv', 'pipe:1'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [file, stderr, [code]] = await Promise.all([buffer(ffmpeg.stdout), text(ffmpeg.stderr), once(ffmpeg, 'exit')]);
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${stderr}`);
  return [...readTags(file)];
}

/** FFmpeg options for a test picture. */
export function testVideo(size: string, frameRate: string, seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${frameRate}:duration=${seconds}`];
}

/** FFmpeg options for a test tone. */
export function testAudio(seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
}

/** FFmpeg options for H.264 at the lowest CPU cost. */
export const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'] as const;
