import { type ChildProcess, spawn } from 'node:child_process';
import pino from 'pino';
import type { RestartReason } from '#domain/events.ts';
import { AUDIO_RENDITION, type LadderName, maxInputKbps } from '#domain/ladders.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { VideoCodec } from '#domain/video-codecs.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import {
  frameStep,
  framesPerSecond,
  type MediaRun,
  type RunFormat,
  type RunSink,
  renditionNames,
} from '#encoder/media/media-run.ts';
import { RUN_START_SECONDS } from '#encoder/transcode/ffmpeg-arguments.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { QualityStep } from '#encoder/transcode/quality-steps.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import { Transcoder } from '#encoder/transcode/transcoder.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { FrameCounter } from './media-probe.ts';

/** The output of one run. */
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
  readonly steps: readonly QualityStep[];
  readonly processes: readonly ChildProcess[];
  /** The messages of log lines with level error. */
  readonly errors: readonly string[];
  /** Passes all tags to the transcoder at once. */
  burst(tags: readonly FlvTag[]): void;
  /** Passes tags to the transcoder in real time and calls `onTag` after each. Ends early if it returns false. */
  pace(tags: readonly FlvTag[], onTag?: (tag: FlvTag) => boolean): Promise<void>;
  /** Resolves when the condition is true. Checks it after everything that happens. */
  until(condition: () => boolean): Promise<void>;
}

export interface TranscodeSessionOptions {
  readonly ladder?: LadderName;
  readonly latency?: LatencyName;
  readonly codecs?: readonly VideoCodec[];
  /** Makes time limits pass faster than real time. */
  readonly clockSpeed?: number;
  /** Called for each write of a run. The sink throws what it throws. */
  readonly onWrite?: (runIndex: number) => void;
  /** Called for each step of a run except writes. The step throws what it throws. */
  readonly onStep?: (step: 'epoch' | 'begin' | 'spawn' | 'end', runIndex: number, transcoder: Transcoder) => void;
  /** Runs instead of ffmpeg. */
  readonly program?: string;
  /** Starts FFmpeg, instead of node:child_process. */
  readonly spawn?: SpawnProcess;
  /** How many quality steps down it begins. */
  readonly firstLevel?: number;
  /** Without it, the publish never steps. */
  readonly arbiter?: StepArbiter;
  /** Also gets the output of all runs, as viewers' package does. */
  readonly stream?: { fits(format: RunFormat): boolean; beginRun(run: MediaRun): RunSink };
}

const transcoders: Transcoder[] = [];

/** Stops what a test left running, as failed tests do. */
export async function stopSessions(): Promise<void> {
  await Promise.all(transcoders.splice(0).map((transcoder) => transcoder.stop()));
}

/** Starts a Transcoder with the real FFmpeg and records everything that it reports. */
export function startSession(options: TranscodeSessionOptions = {}): TranscodeSession {
  const { ladder = '720p', latency = 'low', codecs, clockSpeed = 1, program, onWrite, onStep, stream } = options;
  const runs: RecordedRun[] = [];
  const fatal: string[] = [];
  const restarts: RestartReason[] = [];
  const steps: QualityStep[] = [];
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
      ...(codecs && { codecs }),
      maxInputKbps: maxInputKbps(ladder),
    },
    nextEpoch: () => {
      onStep?.('epoch', epochs, transcoder);
      epochs += 1;
      return epochs;
    },
    onCost: () => undefined,
    beginRun: (run) => {
      onStep?.('begin', runs.length, transcoder);
      const recorded = record(run, now());
      runs.push(recorded);
      const sink = stream?.beginRun(run);
      changed();
      return {
        ...sink,
        write: (rendition, chunk) => {
          if (recorded.hasEnded) throw new Error(`${rendition} was written to after its end`);
          onWrite?.(runs.indexOf(recorded));
          sink?.write(rendition, Buffer.from(chunk));
          recorded.output.set(rendition, [...(recorded.output.get(rendition) ?? []), chunk]);
          const frames = recorded.counters.get(rendition)?.add(chunk) ?? 0;
          changed();
          return frames;
        },
        end: () => {
          if (recorded.hasEnded) throw new Error('the run ended twice');
          recorded.hasEnded = true;
          const endSeconds = sink?.end() ?? endSecondsOf(recorded);
          changed();
          onStep?.('end', runs.indexOf(recorded), transcoder);
          return endSeconds;
        },
      };
    },
    fits: (format) => stream?.fits(format) ?? true,
    onRestart: (reason) => restarts.push(reason),
    arbiter: options.arbiter ?? testArbiter(),
    firstLevel: options.firstLevel ?? 0,
    onQualityStep: (step) => {
      steps.push(step);
      changed();
    },
    onFatal: (_reason, description) => {
      fatal.push(description);
      changed();
    },
    spawn: (command, args, spawnOptions) => {
      onStep?.('spawn', processes.length, transcoder);
      const child = (options.spawn ?? spawn)(program ?? command, args, spawnOptions);
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
    steps,
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

/** Where a run's media ends, as a package that keeps all of it would say. */
function endSecondsOf({ run, counters }: RecordedRun): number {
  const { frameRate, audio, video } = run;
  const frames = Math.max(0, ...video.map((each) => (counters.get(each.name)?.frames ?? 0) * frameStep(each)));
  if (frameRate !== null) return RUN_START_SECONDS + frames / framesPerSecond(frameRate);
  const audioFrames = counters.get(AUDIO_RENDITION)?.frames ?? 0;
  return RUN_START_SECONDS + (audio === null ? 0 : (audioFrames * AAC_FRAME_SAMPLES) / audio.sampleRateHz);
}

function record(run: MediaRun, begunAtMs: number): RecordedRun {
  const counters = new Map(renditionNames(run).map((name) => [name, new FrameCounter()]));
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

/** All output of one rendition. */
export function outputOf(recorded: RecordedRun, rendition: string): Buffer {
  return Buffer.concat(recorded.output.get(rendition) ?? []);
}

/** How many frames of one rendition came so far. */
export function framesOf(recorded: RecordedRun | undefined, rendition: string): number {
  return recorded?.counters.get(rendition)?.frames ?? 0;
}
