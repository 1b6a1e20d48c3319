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
    if (chosen !== null) this.#step(chosen, 'down');
  }

  /** `requester` has had room. It steps up if nobody is slow and the CPU has room for more. */
  requestUp(requester: Stepper): void {
    const { vCpusToStepUp } = requester;
    if (vCpusToStepUp === null || this.#settlesInMs() > 0 || [...this.#steppers].some(({ isSlow }) => isSlow)) return;
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

  /** Whether the steps that are not felt yet may be enough for a stream. */
  #mayBeHelped({ vCpus, fallingSpeed }: Stepper): boolean {
    return fallingSpeed === null || (1 - fallingSpeed) * vCpus <= this.#freedVCpus;
  }

  #settlesInMs(): number {
    return Math.max(0, this.#steppedAtMs + this.limits.settleMs - this.#options.now());
  }

  /**
   * The streams that may step because `requester` is slow. If the task has more to do than it can, these are the streams
   * that take more than their share, slow or not. There always is one. If not, slow streams have only themselves.
   */
  #causes(requester: Stepper): readonly Stepper[] {
    const steppers = [...this.#steppers];
    const shareVCpus = this.#options.vCpus / steppers.length;
    if (this.#isOverloaded()) return steppers.filter(({ vCpus }) => vCpus > shareVCpus);
    return steppers.filter((stepper) => stepper === requester || stepper.isSlow || stepper.isSettling);
  }

  #isOverloaded(): boolean {
    return [...this.#steppers].reduce((sum, { vCpus }) => sum + vCpus, 0) > this.#options.vCpus;
  }

  /**
   * The one that stepped up lately; else the most expensive one; of equals the one that came last. While the effect of one's
   * step is waited for, another one may step, but none that takes little for one that takes much.
   */
  #best(candidates: readonly Stepper[]): Stepper | null {
    const able = candidates.filter(({ canStepDown }) => canStepDown);
    const isRecent = this.#lastUp !== null && this.#options.now() - this.#lastUp.atMs < this.limits.roomMs;
    const regretted = able.find((stepper) => isRecent && stepper === this.#lastUp?.stepper);
    const mostVCpus = Math.max(...able.map(({ vCpus }) => vCpus));
    const isSettled = this.#settlesInMs() === 0;
    const free = able.filter(({ vCpus, isSettling }) => 2 * vCpus >= mostVCpus && (isSettled || !isSettling));
    const dearest = (a: Stepper | null, b: Stepper): Stepper => (a === null || b.vCpus >= a.vCpus ? b : a);
    return regretted ?? free.reduce(dearest, null);
  }

  #step(chosen: Stepper, direction: StepDirection): void {
    const nowMs = this.#options.now();
    if (this.#settlesInMs() === 0) this.#freedVCpus = 0;
    const usedVCpus = (chosen.fallingSpeed ?? 1) * chosen.vCpus;
    this.#steppedAtMs = nowMs;
    if (direction === 'up') this.#lastUp = { stepper: chosen, atMs: nowMs };
    else if (chosen === this.#lastUp?.stepper) this.#lastUp = null;
    chosen.step(direction);
    this.#freedVCpus += Math.max(0, usedVCpus - chosen.vCpus);
    for (const stepper of this.#steppers) stepper.measureAnew();
  }
}
