import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { FIRST_OUTPUT_FD, type SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import { type EncodedRun, type EncodedTrack, encodeRun } from '#test/support/encoded-run.ts';

/** What the publishers of these tests send, and what the stand-in writes. */
export const FRAME_RATE = { numerator: 25, denominator: 1 } as const;
/** A stand-in that has written all of this stalls, as a broken FFmpeg does. */
export const MEDIA_SECONDS = 90;
const WRITE_INTERVAL_MS = 200;
/** The renditions of the ladder `360p`, in the order of their pipes. */
const OUTPUTS = ['360p', 'audio'] as const;

/** Prepared output, which all stand-ins write. */
export const prepareOutput = (): Promise<EncodedRun> =>
  encodeRun({
    seconds: MEDIA_SECONDS,
    video: { frameRate: FRAME_RATE, keyframeFrames: 25, bFrames: 0 },
    audio: { sampleRateHz: 48_000, channels: 2 },
  });

/** A `spawn` whose processes take no CPU: each writes the prepared output in real time while it has input. */
export function standInSpawn({ tracks }: EncodedRun): SpawnProcess {
  const ordered = OUTPUTS.map((name) => tracks.get(name) as EncodedTrack);
  return () => new StandIn(ordered) as unknown as ChildProcess;
}

class StandIn extends EventEmitter {
  readonly pid = 1;
  readonly stdin = new Writable({
    write: (_chunk, _encoding, done) => {
      this.#hasInput = true;
      done();
    },
  });
  readonly stderr = new PassThrough();
  readonly stdio: unknown[];
  readonly #pipes = OUTPUTS.map(() => new PassThrough());
  readonly #written: number[] = OUTPUTS.map(() => 0);
  readonly #timer: NodeJS.Timeout;
  #hasInput = false;
  #isOver = false;

  constructor(tracks: readonly EncodedTrack[]) {
    super();
    this.stdio = [this.stdin, null, this.stderr];
    for (const [index, pipe] of this.#pipes.entries()) {
      this.stdio[FIRST_OUTPUT_FD + index] = pipe;
      pipe.write(tracks[index]?.header);
    }
    let writtenAtMs = performance.now();
    let mediaMs = 0;
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      if (this.#hasInput) mediaMs += nowMs - writtenAtMs;
      writtenAtMs = nowMs;
      this.#hasInput = false;
      this.#write(tracks, mediaMs);
    }, WRITE_INTERVAL_MS);
    this.stdin.once('finish', () => void this.#exit(0, null));
  }

  kill(): boolean {
    void this.#exit(null, 'SIGKILL');
    return true;
  }

  #write(tracks: readonly EncodedTrack[], mediaMs: number): void {
    for (const [index, pipe] of this.#pipes.entries()) {
      const { frames } = tracks[index] as EncodedTrack;
      const due = Math.min(frames.length, Math.floor((mediaMs / 1000 / MEDIA_SECONDS) * frames.length));
      const from = this.#written[index] ?? 0;
      if (due > from) pipe.write(Buffer.concat(frames.slice(from, due)));
      this.#written[index] = due;
    }
  }

  async #exit(code: number | null, signal: string | null): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    await Promise.all(
      [...this.#pipes, this.stderr].map((pipe) => new Promise((resolve) => pipe.once('close', resolve).end().resume())),
    );
    this.emit('close', code, signal);
  }
}
