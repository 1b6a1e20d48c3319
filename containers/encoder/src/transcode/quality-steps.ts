import type { ViewerRendition } from '#domain/events.ts';
import { isVideoKeyframe } from '#encoder/media/flv-tag.ts';
import { framesPerSecond, type RunFormat, renditionFrameRate } from '#encoder/media/media-run.ts';
import { planVCpus } from './plan-cost.ts';
import { renditionLevels } from './rendition-levels.ts';
import type { RenditionPlan } from './rendition-plan.ts';
import type { StepArbiter, Stepper } from './step-arbiter.ts';
import { type PaceSample, type StepDirection, StepPolicy } from './step-policy.ts';
import type { TimedTag } from './tag-cache.ts';
import type { TranscodeRun } from './transcode-run.ts';

/** Less than this is gone before the next FFmpeg would have started. */
const TAKE_OVER_BACKLOG_MS = 500;
/** How long a step waits for a keyframe, at which the next FFmpeg can begin without a gap. */
const MAX_KEYFRAME_WAIT_MS = 4000;
/** An FFmpeg that takes over what another one could not work off must be faster than real time. */
const CATCH_UP_SPEED = 1.1;

export interface QualityStepsOptions {
  readonly arbiter: StepArbiter;
  /** How many steps down the stream begins with. */
  readonly firstLevel: number;
  /** Whether viewers' players can continue with such a run. */
  readonly fits: (format: RunFormat) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a reduced stream's best rendition would be with enough CPU, and what it is. */
export interface QualityReduction {
  readonly full: ViewerRendition;
  readonly current: ViewerRendition;
}

/** What a step needs of the run that it ends. */
type SteppedRun = Pick<TranscodeRun, 'backlogMs' | 'deliveredUntilMs' | 'isEnding' | 'cut' | 'finish'>;

/** A change of what viewers get. */
export interface QualityStep {
  readonly direction: StepDirection;
  /** How many steps down the stream is now; 0 is full quality. */
  readonly level: number;
  readonly renditions: readonly ViewerRendition[];
}

/** The level of a publish's quality: how many steps down from the full plan it is, and when it steps. */
export class QualitySteps implements Stepper {
  readonly #options: QualityStepsOptions;
  readonly #policy: StepPolicy;
  #levels: readonly RenditionPlan[] = [];
  #level: number;
  /** The level of the newest run. */
  #runLevel: number;
  /** When a step was decided that waits for its keyframe. */
  #steppedAtMs: number | null = null;
  /** The run is ending for a step. */
  #isEndingRun = false;
  /** The FFmpeg of a step down has not been measured. */
  #isSettling = false;

  constructor(options: QualityStepsOptions) {
    this.#options = options;
    this.#policy = new StepPolicy(options.arbiter.limits);
    this.#level = options.firstLevel;
    this.#runLevel = options.firstLevel;
  }

  /** What the newest run would make without steps; null before the first. */
  get fullPlan(): RenditionPlan | null {
    return this.#levels[0] ?? null;
  }

  get vCpus(): number {
    return this.#vCpusAt(this.#level);
  }

  /** What the stream takes without steps. */
  get fullVCpus(): number {
    return this.#vCpusAt(0);
  }

  get vCpusToStepUp(): number | null {
    const next = this.#next('up');
    return next === null ? null : this.#vCpusAt(next) - this.vCpus;
  }

  get isSlow(): boolean {
    return this.#policy.isSlow;
  }

  get fallingSpeed(): number | null {
    return this.#policy.fallingSpeed;
  }

  get overloadInMs(): number {
    return this.#policy.overloadInMs;
  }

  get canStepDown(): boolean {
    return this.#next('down') !== null;
  }

  get isSettling(): boolean {
    return this.#isSettling;
  }

  /** Null if viewers get everything that the ladder and the source allow. */
  get reduction(): QualityReduction | null {
    const full = viewerRenditions(this.#levels[0])[0];
    const current = viewerRenditions(this.#levels[this.#level])[0];
    return this.#level === 0 || full === undefined || current === undefined ? null : { full, current };
  }

  /** The plan for a new run of a source whose full plan is `full`. */
  plan(full: RenditionPlan): RenditionPlan {
    this.#options.arbiter.join(this);
    this.#steppedAtMs = null;
    this.#levels = renditionLevels(full);
    this.#level = Math.min(this.#level, this.#levels.length - 1);
    if (!this.#fits(this.#level)) this.#level = this.#next('down') ?? this.#next('up') ?? this.#level;
    return this.#levels[this.#level] ?? full;
  }

  /** A run with the last plan has begun. Returns the step that this is for viewers; null if it is none. */
  onRun(): QualityStep | null {
    const former = this.#runLevel;
    this.#runLevel = this.#level;
    if (former === this.#level) return null;
    const direction = this.#level > former ? 'down' : 'up';
    return { direction, level: this.#level, renditions: viewerRenditions(this.#levels[this.#level]) };
  }

  observe(sample: PaceSample): void {
    const wanted = this.#policy.observe(sample);
    if (this.#policy.isMeasured && !this.isPending) this.#isSettling = false;
    if (wanted === 'down') this.#options.arbiter.requestDown(this);
    else if (wanted === 'up') this.#options.arbiter.requestUp(this);
  }

  /** FFmpeg fell so far behind that it is being replaced. */
  onOverload(): void {
    this.#options.arbiter.onReplaced(this);
  }

  /** Whether a step was decided, and the run of its level has not begun. */
  get isPending(): boolean {
    return this.#steppedAtMs !== null;
  }

  /**
   * Ends the run before this tag if a step was decided, at a moment at which nothing is lost, and then returns true. That
   * is a keyframe, because the next FFmpeg has nothing to decode before it. If much waits for FFmpeg, the next one takes it
   * over from the buffer, which begins at `bufferedFromMs`.
   */
  endRun(run: SteppedRun, timed: TimedTag, bufferedFromMs: number): boolean {
    if (!this.isPending || run.isEnding) return false;
    const isTakenOver = run.backlogMs > TAKE_OVER_BACKLOG_MS && bufferedFromMs <= run.deliveredUntilMs;
    if (!isTakenOver && !this.#isDue(timed)) return false;
    this.#isEndingRun = true;
    if (isTakenOver) run.cut();
    else run.finish();
    return true;
  }

  /** The run has ended. Returns whether a step was to end it. */
  onRunEnded(): boolean {
    const isStep = this.#isEndingRun;
    this.#isEndingRun = false;
    return isStep;
  }

  step(direction: StepDirection): void {
    const next = direction === 'down' ? this.#nextDown() : this.#next('up');
    if (next === null) return;
    this.#level = next;
    this.#isSettling = direction === 'down';
    this.#steppedAtMs = this.#options.now();
    this.#policy.onStep(direction, this.#steppedAtMs);
  }

  measureAnew(): void {
    this.#policy.measureAnew();
  }

  /** The publisher has left. An FFmpeg that waits takes no CPU, so that no other stream is slow because of it. */
  pause(): void {
    this.#options.arbiter.leave(this);
  }

  /** The publisher is back, and its FFmpeg goes on. */
  resume(): void {
    this.#options.arbiter.join(this);
    this.measureAnew();
  }

  /** The publish has ended. */
  close(): void {
    this.#options.arbiter.leave(this);
  }

  #isDue({ tag }: TimedTag): boolean {
    if (this.#steppedAtMs === null) return false;
    return isVideoKeyframe(tag) || this.#options.now() - this.#steppedAtMs > MAX_KEYFRAME_WAIT_MS;
  }

  /** The next level for which FFmpeg would be fast enough, as far as its speed is known; else the last one. */
  #nextDown(): number | null {
    const { fallingSpeed } = this.#policy;
    const next = this.#next('down');
    // If nothing came out at all, FFmpeg may be stuck. That says nothing about its speed.
    if (fallingSpeed === null || fallingSpeed === 0) return next;
    const below = [...this.#levels.keys()].filter((level) => level > this.#level && this.#fits(level));
    const affordableVCpus = (fallingSpeed * this.vCpus) / CATCH_UP_SPEED;
    return below.find((level) => this.#vCpusAt(level) <= affordableVCpus) ?? below.at(-1) ?? null;
  }

  /** The nearest level in a direction that players can continue with; null if there is none. */
  #next(direction: StepDirection): number | null {
    const stride = direction === 'down' ? 1 : -1;
    for (let level = this.#level + stride; this.#levels[level] !== undefined; level += stride) {
      if (this.#fits(level)) return level;
    }
    return null;
  }

  #vCpusAt(level: number): number {
    const plan = this.#levels[level];
    return plan === undefined ? 0 : planVCpus(plan, this.#options.arbiter.architecture);
  }

  #fits(level: number): boolean {
    const plan = this.#levels[level];
    return plan !== undefined && this.#options.fits(plan);
  }
}

/** A plan's video as events and warnings name it, best first. */
function viewerRenditions(plan: RenditionPlan | undefined): ViewerRendition[] {
  const { frameRate, video } = plan ?? { frameRate: null, video: [] };
  if (frameRate === null) return [];
  return video.map((rendition) => {
    const rate = framesPerSecond(renditionFrameRate(frameRate, rendition));
    return { name: rendition.name, frameRate: Math.round(rate * 1000) / 1000 };
  });
}
