import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';

/** The first byte of an FLV tag with video. */
const VIDEO_TAG_TYPE = 9;

/**
 * Starts the real FFmpeg, but lets it read each video frame only after `frameMs` of its arguments, as if its work took
 * as long as that.
 */
export function slowFfmpeg(frameMs: (args: readonly string[]) => number): SpawnProcess {
  return (command: string, args: readonly string[], options: SpawnOptions): ChildProcess => {
    const child = spawn(command, args, options);
    const { stdin } = child;
    if (stdin === null) throw new Error('FFmpeg has no input');
    const pace = new Pace(() => frameMs(args));
    const slow = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, done) => {
        stdin.write(chunk);
        const waitMs = chunk[0] === VIDEO_TAG_TYPE ? pace.nextFrame() : 0;
        if (waitMs > 0) setTimeout(done, waitMs);
        else done();
      },
      final: (done) => {
        stdin.end();
        done();
      },
    });
    stdin.on('error', () => slow.destroy());
    Object.defineProperty(child, 'stdin', { value: slow });
    return child;
  };
}

/** Timers are late, which must not add up. */
class Pace {
  readonly #frameMs: () => number;
  #freeAtMs = 0;

  constructor(frameMs: () => number) {
    this.#frameMs = frameMs;
  }

  /** Milliseconds until FFmpeg can take the next frame. */
  nextFrame(): number {
    const nowMs = performance.now();
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - this.#frameMs()) + this.#frameMs();
    return this.#freeAtMs - nowMs;
  }
}
