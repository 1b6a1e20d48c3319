import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** Publishes with these options and resolves when FFmpeg has ended. */
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

/** The tags of the FLV that FFmpeg makes with these options. */
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
  return readTags(file);
}

/** Takes an FLV file apart (FLV specification, annex E). */
function readTags(file: Buffer): FlvTag[] {
  const tags: FlvTag[] = [];
  let offset = 13;
  while (offset < file.length) {
    const type = file.readUInt8(offset);
    if (type !== AUDIO_TAG && type !== VIDEO_TAG && type !== SCRIPT_TAG) throw new Error(`FLV tag of type ${type}`);
    const end = offset + 11 + file.readUIntBE(offset + 1, 3);
    tags.push({ type, timestampMs: file.readUIntBE(offset + 4, 3), payload: file.subarray(offset + 11, end) });
    offset = end + 4;
  }
  return tags;
}

/** Options for a test picture. */
export function testVideo(size: string, frameRate: string, seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${frameRate}:duration=${seconds}`];
}

/** Options for a test tone. */
export function testAudio(seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
}

/** The cheapest H.264 there is. */
export const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'] as const;
