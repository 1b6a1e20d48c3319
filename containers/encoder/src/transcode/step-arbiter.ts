import type { Architecture } from '#domain/encoder-capacity.ts';
import type { StepDirection, StepLimits } from './step-policy.ts';

/** A stream that can step. */
export interface Stepper {
  /** vCPUs that it takes now. An estimate. */
  readonly vCpus: number;
  /** What the next step up would add; null if there is none. */
  readonly vCpusToStepUp: number | null;
  /** Whether its FFmpeg does not keep up at the moment. */
  readonly isSlow: boolean;
  /** Media seconds out per second while its FFmpeg falls behind; null if it does not. */
  readonly fallingSpeed: number | null;
  /** How soon its FFmpeg will be replaced because it is too slow, if nothing happens; infinite if it won't be. */
  readonly overloadInMs: number;
  readonly canStepDown: boolean;
  /** Whether it has stepped down, and how its new FFmpeg keeps up is not known yet. */
  readonly isSettling: boolean;
  step(direction: StepDirection): void;
  /** A stream of the task has stepped. What was measured before says nothing about what comes. */
  measureAnew(): void;
}

export interface StepArbiterOptions {
  readonly limits: StepLimits;
  /** The task's. */
  readonly architecture: Architecture;
  /** The vCPUs of the task. */
  readonly vCpus: number;
  /** vCPUs that nobody has used lately; null while unknown. */
  readonly idleVCpus: (nowMs: number) => number | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Decides which stream of a task steps, so that no stream pays for a neighbour. One stream steps at a time, and the
 * next one only after the step has shown its effect.
 */
export class StepArbiter {
  readonly limits: StepLimits;
  readonly architecture: Architecture;
  readonly #options: StepArbiterOptions;
  /** In the order in which they came. */
  readonly #steppers = new Set<Stepper>();
  #steppedAtMs = Number.NEGATIVE_INFINITY;
  /** vCPUs that steps have freed for other streams and that may not be felt yet. */
  #freedVCpus = 0;
  /** Streams that do not step before the effect of the last steps down is felt, because they took little. */
  #spared: ReadonlySet<Stepper> = new Set();
  #lastUp: { readonly stepper: Stepper; readonly atMs: number } | null = null;

  constructor(options: StepArbiterOptions) {
    this.limits = options.limits;
    this.architecture = options.architecture;
    this.#options = options;
  }

  /** A second call for the same stepper does nothing. */
  join(stepper: Stepper): void {
    this.#steppers.add(stepper);
  }

  leave(stepper: Stepper): void {
    this.#steppers.delete(stepper);
    if (this.#lastUp?.stepper === stepper) this.#lastUp = null;
  }

  /**
   * `requester` is slow. It steps down, or the stream because of which it is slow, or nobody yet. The effect of the last
   * step is waited for, unless it would come too late for `requester`.
   */
  requestDown(requester: Stepper): void {
    const waitMs = this.#settlesInMs();
    if (waitMs > 0 && requester.overloadInMs >= waitMs && this.#mayBeHelped(requester)) return;
    const chosen = this.#best(this.#causes(requester));
    if (chosen !== null) this.#stepDown(chosen);
  }

  /** `requester` has had room. It steps up if nobody is slow and the CPU has room for more. */
  requestUp(requester: Stepper): void {
    const { vCpusToStepUp } = requester;
    if (vCpusToStepUp === null || this.#settlesInMs() > 0 || [...this.#steppers].some(({ isSlow }) => isSlow)) return;
    const idleVCpus = this.#options.idleVCpus(this.#options.now());
    if (idleVCpus !== null && idleVCpus >= vCpusToStepUp) this.#stepUp(requester);
  }

  /**
   * The FFmpeg of `requester` was too slow and is being replaced. If it is one of those who overload the task, it steps
   * at once, because that costs its viewers nothing more.
   */
  onReplaced(requester: Stepper): void {
    const isCause = this.#isOverloaded() && !this.#isModest(requester, requester);
    if (isCause && requester.canStepDown) this.#stepDown(requester);
    else this.requestDown(requester);
  }

  /** Whether the steps that are not felt yet may be enough for a stream. */
  #mayBeHelped({ vCpus, fallingSpeed }: Stepper): boolean {
    return fallingSpeed === null || (1 - fallingSpeed) * vCpus <= this.#freedVCpus;
  }

  #settlesInMs(): number {
    return Math.max(0, this.#steppedAtMs + this.limits.settleMs - this.#options.now());
  }

  /**
   * The streams that may step because `requester` is slow. If the task has more to do than it can, these are the streams
   * that take more than their share, slow or not. There always is one. If not, slow streams have only themselves, but
   * those that take little do not step for one that takes much.
   */
  #causes(requester: Stepper): readonly Stepper[] {
    const isToBlame = ({ isSlow }: Stepper): boolean => isSlow || this.#isOverloaded();
    const able = [...this.#steppers].filter((it) => it.canStepDown && (it === requester || isToBlame(it)));
    const dearest = dearestOf(able);
    const causes = able.filter((it) => it === this.#regretted() || !this.#isModest(it, dearest ?? it));
    if (this.#settlesInMs() === 0) return causes;
    return causes.filter((it) => !it.isSettling && !this.#spared.has(it));
  }

  /** Whether a stream takes so little that it must not step because of another one. */
  #isModest({ vCpus }: Stepper, other: Stepper): boolean {
    return this.#isOverloaded() ? vCpus <= this.#options.vCpus / this.#steppers.size : 2 * vCpus < other.vCpus;
  }

  #isOverloaded(): boolean {
    return [...this.#steppers].reduce((sum, { vCpus }) => sum + vCpus, 0) > this.#options.vCpus;
  }

  /** The stream that stepped up lately; else the most expensive one. */
  #best(causes: readonly Stepper[]): Stepper | null {
    return causes.find((stepper) => stepper === this.#regretted()) ?? dearestOf(causes);
  }

  #regretted(): Stepper | null {
    const isRecent = this.#lastUp !== null && this.#options.now() - this.#lastUp.atMs < this.limits.roomMs;
    return isRecent ? (this.#lastUp?.stepper ?? null) : null;
  }

  #stepUp(stepper: Stepper): void {
    this.#lastUp = { stepper, atMs: this.#options.now() };
    this.#freedVCpus = 0;
    this.#spared = new Set();
    this.#step(stepper, 'up');
  }

  #stepDown(stepper: Stepper): void {
    if (this.#settlesInMs() === 0) {
      this.#freedVCpus = 0;
      this.#spared = new Set([...this.#steppers].filter((other) => this.#isModest(other, stepper)));
    }
    if (stepper === this.#lastUp?.stepper) this.#lastUp = null;
    const usedVCpus = (stepper.fallingSpeed ?? 1) * stepper.vCpus;
    this.#step(stepper, 'down');
    this.#freedVCpus += Math.max(0, usedVCpus - stepper.vCpus);
  }

  #step(chosen: Stepper, direction: StepDirection): void {
    this.#steppedAtMs = this.#options.now();
    chosen.step(direction);
    for (const stepper of this.#steppers) stepper.measureAnew();
  }
}

/** The most expensive one; of equals the one that came last. */
function dearestOf(steppers: readonly Stepper[]): Stepper | null {
  return steppers.reduce<Stepper | null>((best, it) => (best === null || it.vCpus >= best.vCpus ? it : best), null);
}
