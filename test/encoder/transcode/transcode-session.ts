import { type ChildProcess, spawn } from 'node:child_process';
import pino from 'pino';
import type { RestartReason } from '#domain/events.ts';
import { type LadderName, maxInputKbps } from '#domain/ladders.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { MediaRun } from '#encoder/media/media-run.ts';
import { Transcoder } from '#encoder/transcode/transcoder.ts';
import { FrameCounter } from './frame-counter.ts';

/** What one run put out. */
export interface RecordedRun {
  readonly run: MediaRun;
  readonly begunAtMs: number;
  readonly output: Map<string, Buffer[]>;
  readonly counters: Map<string, FrameCounter>;
  hasEnded: boolean;
}

export interface TranscodeSession {
  readonly transcoder: Transcoder;
  readonly runs: readonly RecordedRun[];
  readonly fatal: readonly string[];
  readonly restarts: readonly RestartReason[];
  readonly processes: readonly ChildProcess[];
  /** Messages of log lines of level error. */
  readonly errors: readonly string[];
  /** Hands tags over one after another at once. */
  burst(tags: readonly FlvTag[]): void;
  /** Hands tags over in real time; `onTag` is told of each. Ends early when it returns false. */
  pace(tags: readonly FlvTag[], onTag?: (tag: FlvTag) => boolean): Promise<void>;
  /** Resolves when the condition holds, which is looked at after everything that happens. */
  until(condition: () => boolean): Promise<void>;
}

export interface TranscodeSessionOptions {
  readonly ladder?: LadderName;
  readonly latency?: LatencyName;
  /** Makes time limits pass faster than real time. */
  readonly clockSpeed?: number;
  /** Told each write of a run, by its index; what it throws is what the sink throws. */
  readonly onWrite?: (runIndex: number) => void;
  /** Told each step of a run's life beside its writes, by its index; what it throws is what that step throws. */
  readonly onStep?: (step: 'epoch' | 'begin' | 'spawn' | 'end', runIndex: number, transcoder: Transcoder) => void;
  /** Run in place of ffmpeg. */
  readonly program?: string;
}

const transcoders: Transcoder[] = [];

/** Ends what a test left running, as one that failed does. */
export async function stopSessions(): Promise<void> {
  await Promise.all(transcoders.splice(0).map((transcoder) => transcoder.stop()));
}

/** A Transcoder with the real FFmpeg, everything that it says recorded. */
export function startSession(options: TranscodeSessionOptions = {}): TranscodeSession {
  const { ladder = '720p', latency = 'low', clockSpeed = 1, program, onWrite, onStep } = options;
  const runs: RecordedRun[] = [];
  const fatal: string[] = [];
  const restarts: RestartReason[] = [];
  const processes: ChildProcess[] = [];
  const errors: string[] = [];
  const waiting = new Set<() => void>();
  let epochs = 0;
  const changed = (): void => {
    for (const check of waiting) check();
  };
  const now = (): number => Date.now() * clockSpeed;
  const transcoder = new Transcoder({
    stream: {
      streamId: 'stream',
      playbackId: 'playback',
      version: null,
      ladder,
      latency,
      maxInputKbps: maxInputKbps(ladder),
    },
    nextEpoch: () => {
      onStep?.('epoch', epochs, transcoder);
      epochs += 1;
      return epochs;
    },
    beginRun: (run) => {
      onStep?.('begin', runs.length, transcoder);
      const recorded = record(run, now());
      runs.push(recorded);
      changed();
      return {
        write: (rendition, chunk) => {
          if (recorded.hasEnded) throw new Error(`${rendition} was written to after its end`);
          onWrite?.(runs.indexOf(recorded));
          recorded.output.set(rendition, [...(recorded.output.get(rendition) ?? []), chunk]);
          const frames = recorded.counters.get(rendition)?.add(chunk) ?? 0;
          changed();
          return frames;
        },
        end: () => {
          if (recorded.hasEnded) throw new Error('the run ended twice');
          recorded.hasEnded = true;
          changed();
          onStep?.('end', runs.indexOf(recorded), transcoder);
        },
      };
    },
    onRestart: (reason) => restarts.push(reason),
    onFatal: (_reason, description) => {
      fatal.push(description);
      changed();
    },
    spawn: (command, args, spawnOptions) => {
      onStep?.('spawn', processes.length, transcoder);
      const child = spawn(program ?? command, args, spawnOptions);
      processes.push(child);
      return child;
    },
    now,
    log: sessionLog(errors),
  });
  transcoders.push(transcoder);
  return {
    transcoder,
    runs,
    fatal,
    restarts,
    processes,
    errors,
    burst: (tags) => {
      for (const tag of tags) transcoder.onTag(tag, now());
    },
    pace: (tags, onTag) =>
      pace(tags, (tag) => {
        transcoder.onTag(tag, now());
        return onTag?.(tag) ?? true;
      }),
    until: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!condition()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

function sessionLog(errors: string[]): pino.Logger {
  const level = process.env.TRANSCODE_TEST_LOG;
  if (level !== undefined) return pino({ level });
  return pino({ level: 'error' }, { write: (line) => errors.push(JSON.parse(line).msg) });
}

function record(run: MediaRun, begunAtMs: number): RecordedRun {
  const names = [...run.video.map(({ name }) => name), ...(run.audio === null ? [] : ['audio'])];
  const counters = new Map(names.map((name) => [name, new FrameCounter()]));
  return { run, begunAtMs, output: new Map(), counters, hasEnded: false };
}

async function pace(tags: readonly FlvTag[], handOver: (tag: FlvTag) => boolean): Promise<void> {
  const startedAtMs = performance.now();
  const firstMs = tags.find(({ timestampMs }) => timestampMs > 0)?.timestampMs ?? 0;
  for (const tag of tags) {
    const dueInMs = tag.timestampMs - firstMs - (performance.now() - startedAtMs);
    if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs));
    if (!handOver(tag)) return;
  }
}

/** The bytes of one rendition. */
export function outputOf(recorded: RecordedRun, rendition: string): Buffer {
  return Buffer.concat(recorded.output.get(rendition) ?? []);
}

/** Frames of one rendition so far. */
export function framesOf(recorded: RecordedRun | undefined, rendition: string): number {
  return recorded?.counters.get(rendition)?.frames ?? 0;
}
