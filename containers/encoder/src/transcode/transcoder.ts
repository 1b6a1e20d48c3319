import type { Logger } from 'pino';
import type { RestartReason } from '#domain/events.ts';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import type { StreamHealth } from '#domain/streams.ts';
import { type FlvTag, isAudioSequenceHeader, isVideoSequenceHeader, SCRIPT_TAG } from '#encoder/media/flv-tag.ts';
import type { MediaRun, RunFormat, RunSink } from '#encoder/media/media-run.ts';
import { UnsupportedSourceError } from '#encoder/media/source-description.ts';
import { failureReason } from './failure-reason.ts';
import type { SpawnProcess } from './ffmpeg-process.ts';
import { HealthMonitor } from './health-monitor.ts';
import type { IngestClock } from './ingest-clock.ts';
import { type QualityStep, QualitySteps } from './quality-steps.ts';
import { planRenditions } from './rendition-plan.ts';
import { RestartPolicy } from './restart-policy.ts';
import { SourceBuffer, type SourceStart } from './source-buffer.ts';
import type { StepArbiter } from './step-arbiter.ts';
import type { TimedTag } from './tag-cache.ts';
import { type RunEnd, TranscodeRun } from './transcode-run.ts';

export interface TranscoderOptions {
  readonly stream: AuthorisedStream;
  /** Returns a number above every epoch that this stream had before. */
  readonly nextEpoch: () => number;
  /** A run is about to start that takes so many vCPUs. An estimate. */
  readonly onCost: (vCpus: number) => void;
  /** Starts a new run and returns the sink for its output. The run before it has always ended by then. */
  readonly beginRun: (run: MediaRun) => RunSink;
  /** Whether viewers' players can continue with such a run. */
  readonly fits: (format: RunFormat) => boolean;
  /** A run replaces the one before it, and not only because of a step. */
  readonly onRestart: (reason: RestartReason) => void;
  /** The task's. */
  readonly arbiter: StepArbiter;
  /** How many quality steps down the publish begins with. */
  readonly firstLevel: number;
  /** A run has begun that gives viewers more or less than the one before it. */
  readonly onQualityStep: (step: QualityStep) => void;
  /**
   * The transcoder has given up and nothing runs any more. Called at most once. `description` is for the broadcaster.
   */
  readonly onFatal: (reason: FatalReason, description: string) => void;
  readonly spawn: SpawnProcess;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

const SERVER_BUSY = 'The server is too busy to process the stream; try again later';
const SERVER_FAILED = 'The server failed to process the stream; try again';

/** Either the source is of a kind that is not supported, or FFmpeg keeps failing on it. */
export type FatalReason = 'source-unsupported' | 'encoder-failed';

/** Transcodes one publish. Runs one FFmpeg at a time, and replaces it if it fails or if the source changes. */
export class Transcoder {
  readonly #options: TranscoderOptions;
  readonly #buffer = new SourceBuffer();
  readonly #monitor = new HealthMonitor();
  readonly #policy = new RestartPolicy();
  readonly #steps: QualitySteps;
  #run: TranscodeRun | null = null;
  /** Settles when the run has ended. */
  #following: Promise<void> = Promise.resolve();
  #restartTimer: NodeJS.Timeout | null = null;
  /** Why the previous run ended; null before the first, and after one that ended for a step. */
  #restartReason: RestartReason | null = null;
  #isStopped = false;

  constructor(options: TranscoderOptions) {
    this.#options = options;
    this.#steps = new QualitySteps(options);
  }

  /** Takes the publisher's next tag. */
  onTag(tag: FlvTag, receivedAtMs: number): void {
    if (this.#isStopped || !this.#describe(tag)) return;
    if (isSequenceHeader(tag)) this.#onSequenceHeader(tag);
    else if (tag.type === SCRIPT_TAG) this.#monitor.onScript(tag);
    else this.#onMedia(tag, receivedAtMs);
  }

  /** Ends the publish. Delivers what FFmpeg still has; after about 2 s at most, nothing is left running. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#steps.close();
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    this.#run?.finish();
    await this.#following;
  }

  /** Media seconds out per media second in, over the last 10 s; null while unknown. */
  get encoderSpeed(): number | null {
    return this.#run?.encoderSpeed ?? null;
  }

  /** Whether viewers get less than the ladder and the source allow, because FFmpeg did not keep up. */
  get isReduced(): boolean {
    return this.#steps.reduction !== null;
  }

  /** The publish's health now. */
  health(): StreamHealth {
    const { encoderSpeed } = this;
    const { reduction } = this.#steps;
    return this.#monitor.report({ source: this.#buffer.source, encoderSpeed, reduction, nowMs: this.#options.now() });
  }

  /** Sequence headers have no position on the timeline: many publishers give them timestamp 0. */
  #onSequenceHeader(tag: FlvTag): void {
    if (this.#buffer.replaceHeader(tag)) this.#replaceRun('the sequence header changed');
  }

  #onMedia(tag: FlvTag, receivedAtMs: number): void {
    const { timed, hasJumped } = this.#buffer.add(tag, receivedAtMs, this.#run?.deliveredUntilMs);
    if (hasJumped) this.#onJump();
    this.#monitor.onFrame(timed, receivedAtMs);
    if (this.#run === null) this.#startWhenPossible();
    else if (this.#buffer.differsFrom(this.#run.plan)) this.#replaceRun('the tracks changed');
    else this.#feed(this.#run, timed);
  }

  /** Returns false if the tag shows that the source cannot be transcoded. */
  #describe(tag: FlvTag): boolean {
    try {
      this.#buffer.describe(tag);
      return true;
    } catch (error) {
      if (!(error instanceof UnsupportedSourceError)) throw error;
      this.#giveUp('source-unsupported', error.message);
      return false;
    }
  }

  #onJump(): void {
    this.#monitor.onJump();
    this.#replaceRun('the timestamps jumped');
  }

  /** Ends the run. The next one starts once it is gone, from the tags that are in the cache by then. */
  #replaceRun(reason: string): void {
    if (this.#run === null || this.#run.isEnding) return;
    this.#options.log.info({ epoch: this.#run.epoch, reason }, 'replacing FFmpeg');
    this.#run.finish();
  }

  #feed(run: TranscodeRun, timed: TimedTag): void {
    if (this.#steps.endRun(run, timed, this.#buffer.fromMs)) {
      this.#options.log.info({ epoch: run.epoch, reason: 'a quality step' }, 'replacing FFmpeg');
    } else {
      run.feed(timed);
    }
  }

  #startWhenPossible(): void {
    if (this.#isStopped || this.#run !== null || this.#restartTimer !== null) return;
    const { start } = this.#buffer;
    if (start !== null) this.#startRun(start);
  }

  #startRun(start: SourceStart): void {
    try {
      // Taking the last epoch can end the publish.
      const epoch = this.#options.nextEpoch();
      if (this.#isStopped) return;
      const run = this.#createRun(epoch, start);
      this.#run = run;
      this.#following = this.#follow(run, start.ingestClock);
      if (this.#restartReason !== null) this.#options.onRestart(this.#restartReason);
      const step = this.#steps.onRun();
      if (step !== null) this.#options.onQualityStep(step);
      run.feedFirst(this.#buffer.tags);
    } catch (error) {
      this.#onError(error);
    }
  }

  #createRun(epoch: number, { source, ...start }: SourceStart): TranscodeRun {
    const { stream, onCost, beginRun, spawn, now, log } = this.#options;
    const plan = this.#steps.plan(planRenditions(source, stream.ladder, stream.latency));
    // A stream that had to step down keeps its room: the task is too full already, and the stream is to step up again.
    onCost(this.#steps.fullVCpus);
    const run = new TranscodeRun({
      ...{ plan, epoch, beginRun, spawn, now, log },
      ...start,
      onSample: (sample) => this.#steps.observe(sample),
    });
    log.info({ epoch, video: plan.video, audio: plan.audio, frameRate: plan.frameRate }, 'FFmpeg started');
    return run;
  }

  /** Waits for a run to end. Never rejects. */
  async #follow(run: TranscodeRun, clockOfRun: IngestClock): Promise<void> {
    try {
      const end = await run.ended;
      this.#run = null;
      this.#onRunEnded(run.epoch, end, clockOfRun);
    } catch (error) {
      this.#run = null;
      this.#onError(error);
    }
  }

  #onRunEnded(epoch: number, end: RunEnd, clockOfRun: IngestClock): void {
    const { outcome, exit, lifetimeMs } = end;
    const isStep = this.#steps.onRunEnded() && outcome === 'finished';
    // After a step, the next FFmpeg goes on where this one ended. Otherwise it would be late from the start.
    if (!isStep) this.#buffer.keepNewest();
    this.#restartReason = isStep ? null : outcome === 'finished' ? 'source-changed' : outcome;
    if (outcome === 'overloaded') this.#onOverload();
    this.#buffer.onDelivered(clockOfRun, end.deliveredUntilMs);
    if (outcome === 'finished' || this.#isStopped) {
      this.#options.log.info({ epoch, exit }, 'FFmpeg ended');
      if (!this.#isStopped) this.#restartIn(isStep ? 0 : this.#policy.delayAfterChange(lifetimeMs));
    } else {
      this.#options.log.warn({ epoch, outcome, exit, lifetimeMs }, 'FFmpeg failed');
      this.#restartAfter(end);
    }
  }

  #onOverload(): void {
    this.#monitor.onOverload(this.#options.now());
    if (!this.#isStopped) this.#steps.onOverload();
  }

  #restartAfter(end: RunEnd): void {
    const delayMs = this.#delayAfter(end);
    if (delayMs === null) {
      this.#giveUp('encoder-failed', end.outcome === 'overloaded' ? SERVER_BUSY : failureReason(end.exit.stderrTail));
      return;
    }
    this.#restartIn(delayMs);
  }

  /** Null to give up. */
  #delayAfter(end: RunEnd): number | null {
    if (end.outcome !== 'overloaded') return this.#policy.delayAfter(end);
    // The next FFmpeg has less to do, or begins closer to the live edge. A wait would only be missing media.
    if (this.#steps.isPending || end.hadOutput) return 0;
    // The end says nothing about the source, as long as the task may yet be relieved.
    return this.#policy.delayAfter({ ...end, hadOutput: this.#steps.canStepDown });
  }

  #restartIn(delayMs: number): void {
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = null;
      this.#startWhenPossible();
    }, delayMs);
  }

  /** An unexpected error ends this publish but not the others of the process. */
  #onError(error: unknown): void {
    this.#options.log.error({ err: error }, 'transcoding failed');
    if (!this.#isStopped) this.#giveUp('encoder-failed', SERVER_FAILED);
  }

  #giveUp(reason: FatalReason, description: string): void {
    this.#isStopped = true;
    this.#steps.close();
    this.#run?.finish();
    this.#options.log.warn({ reason, description }, 'transcoding given up');
    this.#options.onFatal(reason, description);
  }
}

function isSequenceHeader(tag: FlvTag): boolean {
  return isVideoSequenceHeader(tag) || isAudioSequenceHeader(tag);
}
