import type { Logger } from 'pino';
import type { RestartReason } from '#domain/events.ts';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import type { PublishFailure, StreamHealth } from '#domain/streams.ts';
import {
  type FlvTag,
  isAudioSequenceHeader,
  isVideoSequenceEnd,
  isVideoSequenceHeader,
  SCRIPT_TAG,
} from '#encoder/media/flv-tag.ts';
import { isSameFormat, type MediaRun, type RunFormat, type RunSink } from '#encoder/media/media-run.ts';
import { PlainTags } from '#encoder/media/plain-tags.ts';
import { parseScriptMetadata } from '#encoder/media/script-metadata.ts';
import { type SourceDescription, UnsupportedSourceError } from '#encoder/media/source-description.ts';
import { failureReason } from './failure-reason.ts';
import type { SpawnProcess } from './ffmpeg-process.ts';
import { HealthMonitor } from './health-monitor.ts';
import type { IngestClock } from './ingest-clock.ts';
import { KeyframeWatch } from './keyframe-watch.ts';
import { type QualityStep, QualitySteps } from './quality-steps.ts';
import { planRenditions, type RenditionPlan } from './rendition-plan.ts';
import { Restarts } from './restarts.ts';
import { SourceBuffer, type SourceStart } from './source-buffer.ts';
import type { StepArbiter } from './step-arbiter.ts';
import { StrayTags } from './stray-tags.ts';
import type { TimedTag } from './tag-cache.ts';
import { TimedData } from './timed-data.ts';
import { type RunEnd, TranscodeRun } from './transcode-run.ts';

/** Hears of each run, so that what went wrong can be understood later. */
export interface RunTrace {
  onRunStart(epoch: number): void;
  onRunReplaced(epoch: number, reason: string): void;
  onRunEnd(epoch: number, outcome: string, lastWords: readonly string[]): void;
}

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
  readonly onFatal: (reason: PublishFailure, description: string) => void;
  /** @default nobody hears of runs */
  readonly trace?: RunTrace;
  readonly spawn: SpawnProcess;
  /** Milliseconds, by a clock that never steps. */
  readonly now: () => number;
  readonly log: Logger;
}

const SERVER_FAILED = 'The server failed to process the stream; try again';

const NO_KEYFRAME =
  'No keyframe came for 10 s; set a keyframe interval of 2 s in your streaming software, and connect again';

/** Transcodes one publish. Runs one FFmpeg at a time, and replaces it if it fails or if the source changes. */
export class Transcoder {
  readonly #options: TranscoderOptions;
  #plainTags = new PlainTags();
  readonly #buffer = new SourceBuffer();
  readonly #monitor = new HealthMonitor();
  readonly #timedData: TimedData;
  readonly #steps: QualitySteps;
  readonly #restarts: Restarts;
  readonly #keyframes = new KeyframeWatch();
  #strays = new StrayTags();
  #run: TranscodeRun | null = null;
  /** Settles when the run has ended. */
  #following: Promise<void> = Promise.resolve();
  #isStopped = false;
  /** The publisher has left, and FFmpeg waits for its return. */
  #isPaused = false;
  /** The publisher is back, but FFmpeg has nothing of it yet. */
  #isReturning = false;

  constructor(options: TranscoderOptions) {
    this.#options = options;
    this.#timedData = new TimedData(options);
    this.#steps = new QualitySteps(options);
    this.#restarts = new Restarts({ onDue: () => this.#startWhenPossible() });
  }

  /** Takes the publisher's next tag, which came at `receivedAtMs` (milliseconds since 1970). Only dates are made of that. */
  onTag(received: FlvTag, receivedAtMs: number): void {
    const tag = this.#plainTags.add(received);
    if (tag === null || this.#isStopped || isVideoSequenceEnd(tag) || !this.#describe(tag)) return;
    if (isVideoSequenceHeader(tag) || isAudioSequenceHeader(tag)) this.#onSequenceHeader(tag);
    else if (tag.type === SCRIPT_TAG) this.#onScript(tag);
    else for (const it of this.#strays.pass({ tag, receivedAtMs })) this.#onMedia(it.tag, it.receivedAtMs);
  }

  /** Metadata before the first frame describes the source. All else is about a moment of it. */
  #onScript(tag: FlvTag): void {
    this.#monitor.onScript(tag);
    if (!this.#buffer.hasFrames && parseScriptMetadata(tag.payload) !== null) return;
    this.#timedData.add(tag, this.#buffer.positionOf(tag.timestampMs));
  }

  /** Whether there is an FFmpeg that can go on with another connection of the publisher. */
  get canGoOn(): boolean {
    return !this.#isStopped && this.#run !== null && !this.#run.isEnding;
  }

  /** The publisher has left, and may come back. FFmpeg keeps what it has, and waits. */
  pause(): void {
    this.#isPaused = true;
    this.#steps.pause();
    this.#restarts.cancel();
  }

  /**
   * The tags that follow are of another connection of the publisher. FFmpeg goes on with them, as if nothing had been between, if
   * the source is the same. Otherwise the next FFmpeg begins with them.
   */
  resume(): void {
    this.#isPaused = false;
    this.#isReturning = true;
    this.#strays = new StrayTags();
    this.#plainTags = new PlainTags();
    this.#buffer.onReturn();
    this.#monitor.onJump();
    this.#steps.resume();
  }

  /** Ends the publish. Delivers what FFmpeg still has; after about 2 s at most, nothing is left running. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#steps.close();
    this.#restarts.cancel();
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
    const ignoredTracks = this.#plainTags.ignored;
    const audioLevelDb = this.#run?.audioLevelDb ?? null;
    const context = { source: this.#buffer.present, ignoredTracks, encoderSpeed, audioLevelDb, reduction };
    return this.#monitor.report({ ...context, nowMs: this.#options.now() });
  }

  /** Sequence headers have no position on the timeline: many publishers give them timestamp 0. */
  #onSequenceHeader(tag: FlvTag): void {
    const isNew = this.#buffer.replaceHeader(tag);
    // That of a track which the run does not have announces another source, whose first frames may be needed to describe it.
    if (isNew && this.#run?.takes(tag)) this.#replaceRun('the sequence header changed');
  }

  #onMedia(tag: FlvTag, receivedAtMs: number): void {
    if (this.#isStopped) return;
    const nowMs = this.#options.now();
    const arrival = { receivedAtMs, nowMs };
    const { timed, filled, hasJumped } = this.#buffer.add(tag, arrival, this.#run?.neededFromMs);
    if (hasJumped) this.#onJump();
    this.#monitor.onFrame(timed, nowMs);
    if (this.#run === null) this.#startWhenPossible();
    else if (this.#isReturning) this.#goOn(this.#run);
    else this.#continue(this.#run, filled);
    if (this.#keyframes.isOverdue(this.#awaitsKeyframe, nowMs)) this.#giveUp('no-keyframe', NO_KEYFRAME);
  }

  /** Whether nothing can be done with what comes until there is a keyframe. */
  get #awaitsKeyframe(): boolean {
    if (this.#run === null || this.#isReturning) return this.#buffer.tags.length === 0;
    return this.#run.awaitsStart;
  }

  #continue(run: TranscodeRun, tags: readonly TimedTag[]): void {
    const difference = this.#buffer.differenceFrom(run.plan);
    if (difference !== null) this.#replaceRun(difference);
    else for (const timed of tags) this.#feed(run, timed);
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
    this.#options.trace?.onRunReplaced(this.#run.epoch, reason);
    this.#run.finish();
  }

  /** Begins to feed what has come since the publisher's return, once that is known to be the same source. */
  #goOn(run: TranscodeRun): void {
    const { start, tags } = this.#buffer;
    if (start === null || run.isEnding) return;
    const { fullPlan } = this.#steps;
    if (fullPlan === null || !isSameFormat(this.#planOf(start.source), fullPlan)) {
      this.#replaceRun('the publisher is back with another source');
      return;
    }
    this.#isReturning = false;
    this.#options.log.info({ epoch: run.epoch }, 'FFmpeg goes on with the publisher, who is back');
    run.feedFirst(tags);
  }

  #feed(run: TranscodeRun, timed: TimedTag): void {
    if (this.#steps.endRun(run, timed, this.#buffer.fromMs)) {
      this.#options.log.info({ epoch: run.epoch, reason: 'a quality step' }, 'replacing FFmpeg');
      this.#options.trace?.onRunReplaced(run.epoch, 'a quality step');
    } else {
      run.feed(timed);
    }
  }

  #startWhenPossible(): void {
    if (this.#isStopped || this.#run !== null || this.#restarts.isDelaying) return;
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
      this.#options.trace?.onRunStart(epoch);
      this.#following = this.#follow(run, start.ingestClock);
      const { reason } = this.#restarts;
      if (reason !== null) this.#options.onRestart(reason);
      const step = this.#steps.onRun();
      if (step !== null) this.#options.onQualityStep(step);
      run.feedFirst(this.#buffer.tags);
    } catch (error) {
      this.#onError(error);
    }
  }

  #planOf(source: SourceDescription): RenditionPlan {
    const { ladder, latency, codecs } = this.#options.stream;
    return planRenditions(source, ladder, latency, codecs);
  }

  #createRun(epoch: number, { source, ...start }: SourceStart): TranscodeRun {
    const { onCost, beginRun, spawn, now, log } = this.#options;
    const plan = this.#steps.plan(this.#planOf(source));
    this.#monitor.onRun(now());
    this.#isReturning = false;
    // A stream that had to step down keeps its room: the task is too full already, and the stream is to step up again.
    onCost(this.#steps.fullVCpus);
    const run = new TranscodeRun({
      ...{ plan, epoch, beginRun, spawn, now, log },
      ...start,
      timedData: this.#timedData,
      onSample: (sample) => {
        if (this.#isPaused) return;
        this.#steps.observe(sample);
        this.#monitor.onSample(sample);
      },
      onTooLate: () => this.#onTooLate(),
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
    this.#options.trace?.onRunEnd(epoch, outcome, exit.stderrTail);
    const isStep = this.#steps.onRunEnded() && outcome === 'finished';
    // After a step, the next FFmpeg goes on where this one ended. Otherwise it would be late from the start.
    if (!isStep) this.#buffer.keepNewest();
    this.#restarts.onRunEnded(end, isStep);
    this.#buffer.onDelivered(clockOfRun, end.deliveredUntilMs);
    if (outcome === 'finished' || this.#isStopped) {
      this.#options.log.info({ epoch, exit }, 'FFmpeg ended');
    } else {
      this.#options.log.warn({ epoch, outcome, exit, lifetimeMs }, 'FFmpeg failed');
    }
    // A publisher that comes back gets another one.
    if (this.#isStopped || this.#isPaused || this.#restarts.restartAfter(end, isStep)) return;
    this.#giveUp('encoder-failed', failureReason(exit.stderrTail));
  }

  /** Returns whether another FFmpeg is to follow, with less to do. */
  #onTooLate(): boolean {
    this.#monitor.onOverload(this.#options.now());
    if (!this.#isStopped && !this.#isPaused) this.#steps.onOverload();
    return this.#steps.isPending;
  }

  /** An unexpected error ends this publish but not the others of the process. */
  #onError(error: unknown): void {
    this.#options.log.error({ err: error }, 'transcoding failed');
    if (!this.#isStopped) this.#giveUp('encoder-failed', SERVER_FAILED);
  }

  #giveUp(reason: PublishFailure, description: string): void {
    this.#isStopped = true;
    this.#steps.close();
    this.#run?.finish();
    this.#options.log.warn({ reason, description }, 'transcoding given up');
    this.#options.onFatal(reason, description);
  }
}
