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
  readonly canStepDown: boolean;
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

  /** `requester` is slow. It steps down, or the stream because of which it is slow, or nobody yet. */
  requestDown(requester: Stepper): void {
    if (!this.#isSettled()) return;
    const chosen = this.#best(this.#causes(requester));
    if (chosen !== null) this.#step(chosen, 'down');
  }

  /** `requester` has had room. It steps up if nobody is slow and the CPU has room for more. */
  requestUp(requester: Stepper): void {
    const { vCpusToStepUp } = requester;
    if (vCpusToStepUp === null || !this.#isSettled() || [...this.#steppers].some(({ isSlow }) => isSlow)) return;
    const idleVCpus = this.#options.idleVCpus(this.#options.now());
    if (idleVCpus !== null && idleVCpus >= vCpusToStepUp) this.#step(requester, 'up');
  }

  /**
   * The FFmpeg of `requester` was too slow and is being replaced. If it is one of those who overload the task, it steps
   * at once, because that costs its viewers nothing more.
   */
  onReplaced(requester: Stepper): void {
    const isCause = this.#isOverloaded() && this.#causes(requester).includes(requester);
    if (isCause && requester.canStepDown) this.#step(requester, 'down');
    else this.requestDown(requester);
  }

  #isSettled(): boolean {
    return this.#options.now() - this.#steppedAtMs >= this.limits.settleMs;
  }

  /**
   * The streams that may step because `requester` is slow. If the task has more to do than it can, these are the streams
   * that take more than their share, slow or not. There always is one. If not, slow streams have only themselves.
   */
  #causes(requester: Stepper): readonly Stepper[] {
    const steppers = [...this.#steppers];
    const shareVCpus = this.#options.vCpus / steppers.length;
    if (this.#isOverloaded()) return steppers.filter(({ vCpus }) => vCpus > shareVCpus);
    return steppers.filter((stepper) => stepper === requester || stepper.isSlow);
  }

  #isOverloaded(): boolean {
    return [...this.#steppers].reduce((sum, { vCpus }) => sum + vCpus, 0) > this.#options.vCpus;
  }

  /** The one that stepped up lately; else the most expensive one; of equals the one that came last. */
  #best(candidates: readonly Stepper[]): Stepper | null {
    const able = candidates.filter(({ canStepDown }) => canStepDown);
    const { now } = this.#options;
    const isRecent = this.#lastUp !== null && now() - this.#lastUp.atMs < this.limits.roomMs;
    const regretted = able.find((stepper) => isRecent && stepper === this.#lastUp?.stepper);
    const dearest = (a: Stepper | null, b: Stepper): Stepper => (a === null || b.vCpus >= a.vCpus ? b : a);
    return regretted ?? able.reduce(dearest, null);
  }

  #step(chosen: Stepper, direction: StepDirection): void {
    const nowMs = this.#options.now();
    this.#steppedAtMs = nowMs;
    if (direction === 'up') this.#lastUp = { stepper: chosen, atMs: nowMs };
    chosen.step(direction);
    for (const stepper of this.#steppers) stepper.measureAnew();
  }
}
