import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { flvHeader, flvTag } from '#encoder/media/flv-writer.ts';
import { endlessClip } from './endless-clip.ts';
import { parseFlvFile } from './flv-file.ts';
import { paceTags, tagTimeMs } from './pace-tags.ts';
import { rememberKeys } from './secrets.ts';

export interface PublisherOptions {
  /** An FLV made by `makeClip`. */
  readonly clipPath: string;
  /** Ends with the stream key. */
  readonly rtmpUrl: string;
}

/** How the publishing FFmpeg ended. */
export interface PublisherExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines of standard error. If the publish was refused, they contain the server's reason. */
  readonly stderrTail: string;
}

/** A publisher that knows when each of its frames was captured. */
export interface TestPublisher {
  readonly pid: number;
  /** When FFmpeg had connected and sent its first packets, in milliseconds since 1970. Null if it never did. */
  readonly firstPacketAtMs: Promise<number | null>;
  readonly exited: Promise<PublisherExit>;
  /** When a frame of the clip was last captured before a given time, both in milliseconds since 1970. Null if never. */
  captureTimeMs(frameNumber: number, atWallMs: number): number | null;
  /** Ends the publish properly, like a broadcaster who presses Stop. */
  stop(): Promise<PublisherExit>;
  /** Ends at once, as if the broadcaster's machine crashed. */
  kill(): Promise<PublisherExit>;
}

const STDERR_TAIL_BYTES = 4_000;
/** Limit of unsent media, about 20 s at 10 Mbit/s. A server that is further behind has lost the stream anyway. */
const MAX_UNSENT_BYTES = 24_000_000;
const STOP_TIMEOUT_MS = 3_000;

/**
 * Publishes a clip over RTMP for ever, in real time, with FFmpeg. A frame counts as captured when its tag is written to
 * FFmpeg, which copies it. Latencies measured this way do not include the encoding at the broadcaster.
 */
export async function startPublisher({ clipPath, rtmpUrl }: PublisherOptions): Promise<TestPublisher> {
  rememberKeys(rtmpUrl.split('/').at(-1));
  const clip = parseFlvFile(await readFile(clipPath));
  const ffmpeg = spawn('ffmpeg', ffmpegArguments(rtmpUrl), { stdio: ['pipe', 'ignore', 'pipe'] });
  const { pid, stdin } = ffmpeg;
  if (pid === undefined) throw new Error('ffmpeg could not be started');
  const captures = new Map<number, number[]>();
  const exited = followExit(ffmpeg);
  const firstPacketAtMs = followFirstPacket(ffmpeg);
  stdin.write(flvHeader({ hasVideo: clip.video.length > 0, hasAudio: clip.audio.length > 0 }));
  for (const header of clip.headers) stdin.write(flvTag(header, header.timestampMs));
  const stopFeeding = paceTags(endlessClip(clip), tagTimeMs, (next) => {
    if (next.frameNumber !== null)
      captures.set(next.frameNumber, [...(captures.get(next.frameNumber) ?? []), Date.now()]);
    stdin.write(flvTag(next.tag, next.tag.timestampMs));
    if (stdin.writableLength > MAX_UNSENT_BYTES) ffmpeg.kill('SIGKILL');
  });
  ffmpeg.once('exit', stopFeeding);
  return {
    pid,
    firstPacketAtMs,
    exited,
    captureTimeMs: (frameNumber, atWallMs) =>
      captures.get(frameNumber)?.findLast((capturedAtMs) => capturedAtMs <= atWallMs) ?? null,
    stop: async () => {
      stopFeeding();
      stdin.end();
      const timeout = setTimeout(() => ffmpeg.kill('SIGKILL'), STOP_TIMEOUT_MS);
      return exited.finally(() => clearTimeout(timeout));
    },
    kill: async () => {
      ffmpeg.kill('SIGKILL');
      return exited;
    },
  };
}

/** At level `info` FFmpeg reports when the output is open. `nobuffer` would drop the first keyframe while probing. */
function ffmpegArguments(rtmpUrl: string): string[] {
  const probing = ['-probesize', '32768', '-analyzeduration', '1', '-fpsprobesize', '0'];
  const input = ['-hide_banner', '-loglevel', 'info', '-nostats', ...probing, '-f', 'flv', '-i', 'pipe:0'];
  return [...input, '-c', 'copy', '-flush_packets', '1', '-flvflags', 'no_duration_filesize', '-f', 'flv', rtmpUrl];
}

function followExit(ffmpeg: ChildProcess): Promise<PublisherExit> {
  let stderrTail = '';
  const append = (text: string): void => {
    stderrTail = (stderrTail + text).slice(-STDERR_TAIL_BYTES);
  };
  ffmpeg.stderr?.on('data', (chunk: Buffer) => append(chunk.toString()));
  // If the server hangs up, FFmpeg ends while tags are still being written to it.
  ffmpeg.stdin?.on('error', (error) => append(`standard input: ${error.message}\n`));
  return new Promise((resolve) => {
    ffmpeg.once('close', (code, signal) => resolve({ code, signal, stderrTail }));
  });
}

function followFirstPacket(ffmpeg: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    let seen = '';
    ffmpeg.stderr?.on('data', (chunk: Buffer) => {
      seen = (seen + chunk.toString()).slice(-STDERR_TAIL_BYTES);
      if (seen.includes('Output #0')) resolve(Date.now());
    });
    ffmpeg.once('close', () => resolve(null));
  });
}
