import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';

/** The first byte of an FLV tag with video. */
const VIDEO_TAG_TYPE = 9;

/** How long FFmpeg's work on a video frame seems to take, by its arguments. */
type FrameMs = (args: readonly string[]) => number;

/** Starts the real FFmpeg, but lets it read each video frame only after `frameMs`, as if its work took as long as that. */
export function slowFfmpeg(frameMs: FrameMs): SpawnProcess {
  return (command, args, options) => spawnPaced(command, args, options, new Core(), frameMs);
}

/** The same for FFmpegs that share one core: while it works for one of them, the others wait. They take turns. */
export function ffmpegsOnOneCore(frameMs: FrameMs): SpawnProcess {
  const core = new Core();
  return (command, args, options) => spawnPaced(command, args, options, core, frameMs);
}

function spawnPaced(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  core: Core,
  frameMs: FrameMs,
): ChildProcess {
  const child = spawn(command, args, options);
  const { stdin } = child;
  if (stdin === null) throw new Error('FFmpeg has no input');
  const slow = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => {
      stdin.write(chunk);
      const waitMs = chunk[0] === VIDEO_TAG_TYPE ? core.work(frameMs(args)) : 0;
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
}

/** Does one thing after another. */
class Core {
  #freeAtMs = 0;

  /** Milliseconds until the core will have done work that takes `ms`. Timers are late, which must not add up. */
  work(ms: number): number {
    const nowMs = performance.now();
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - ms) + ms;
    return this.#freeAtMs - nowMs;
  }
}
