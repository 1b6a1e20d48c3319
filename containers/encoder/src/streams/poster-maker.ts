import type { Logger } from 'pino';
import { FfmpegProcess, type SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import { atLowPriority } from '#encoder/transcode/low-priority.ts';

const WIDTH = 640;
/** 1 is the best quality, and 31 the worst. */
const JPEG_QUALITY = '4';
const MAX_RUNNING = 2;
const MAX_WAITING = 8;
/** It takes a tenth of a second of CPU, which a task without an idle moment may not give it for long. */
const TIME_LIMIT_MS = 4_000;
/** A picture of this width has a tenth of it. */
const MAX_BYTES = 1024 * 1024;
const PICTURE = 'picture';

/** Never upscales. One thread is enough for one frame. */
const ARGUMENTS = [
  ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-threads', '1', '-filter_threads', '1', '-f', 'mp4'],
  ...['-i', 'pipe:0', '-frames:v', '1', '-vf', `scale='min(${WIDTH},iw)':-2`, '-threads', '1', '-q:v', JPEG_QUALITY],
  ...['-f', 'mjpeg', 'pipe:3'],
];

export interface PosterMakerOptions {
  readonly spawn: SpawnProcess;
  readonly log: Logger;
}

/** Makes JPEGs of keyframes, a few at a time and at low priority: live streams come first. */
export class PosterMaker {
  readonly #options: PosterMakerOptions;
  #running = 0;
  /** Let one of those go on that wait for their turn. */
  readonly #waiting: (() => void)[] = [];

  constructor(options: PosterMakerOptions) {
    this.#options = options;
  }

  /** Resolves to a JPEG of the first frame of an MP4 file. Null if too many wait, or if it fails, which is logged. Never rejects. */
  async make(file: Buffer): Promise<Buffer | null> {
    if (this.#running < MAX_RUNNING) this.#running += 1;
    else if (this.#waiting.length >= MAX_WAITING) return null;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await this.#encode(file);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'a poster could not be made');
      return null;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #encode(file: Buffer): Promise<Buffer> {
    const { spawn, log } = this.#options;
    const chunks: Buffer[] = [];
    let bytes = 0;
    const ffmpeg = new FfmpegProcess({
      args: ARGUMENTS,
      outputs: [PICTURE],
      spawn: atLowPriority(spawn),
      onOutput: (_output, chunk) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) ffmpeg.kill();
        else chunks.push(chunk);
      },
      onDrain: () => undefined,
      onStderrLine: (line) => log.debug({ line }, 'ffmpeg of a poster'),
    });
    ffmpeg.write(file, 0);
    ffmpeg.finish(TIME_LIMIT_MS);
    const { code, signal, stderrTail } = await ffmpeg.exit;
    if (code !== 0 || bytes === 0)
      throw new Error(`FFmpeg ended with ${code ?? signal ?? 'nothing'}: ${stderrTail.slice(-3).join('; ')}`);
    return Buffer.concat(chunks);
  }
}
