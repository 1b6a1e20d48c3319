/** A task's room at the moment, in vCPUs as lib/domain/encoder-capacity.ts counts them. */
export interface RoomSnapshot {
  readonly capacityVCpus: number;
  /** What streams hold. More than the capacity if sources turned out larger than expected. */
  readonly usedVCpus: number;
  /** Never negative. */
  readonly freeVCpus: number;
  /** What publishes that were turned away lately would have taken. */
  readonly unmetVCpus: number;
  /** How many publishes were turned away since the process started. */
  readonly turnedAway: number;
}

export interface TaskRoomOptions {
  readonly capacityVCpus: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * How long a publish that was turned away counts as demand. Scaling looks at three minutes before it starts a task, and a
 * publisher may wait that long before it tries again.
 */
const UNMET_MS = 180_000;
/** The most publishes that count as unmet. A fleet that misses this much room grows to its limit anyway. */
const MAX_UNMET = 100;

interface Unmet {
  readonly milliVCpus: number;
  readonly untilMs: number;
}

/**
 * Knows which stream of the task holds how much of its CPU. Counts in whole thousandths of a vCPU, so that sums are exact and
 * each stream is off by half a thousandth at most.
 */
export class TaskRoom {
  readonly #capacity: number;
  readonly #now: () => number;
  readonly #held = new Map<string, number>();
  readonly #unmet = new Map<string, Unmet>();
  #turnedAway = 0;

  constructor({ capacityVCpus, now }: TaskRoomOptions) {
    this.#capacity = toMilli(capacityVCpus);
    this.#now = now;
  }

  get capacityVCpus(): number {
    return this.#capacity / 1000;
  }

  get usedVCpus(): number {
    return this.#used() / 1000;
  }

  /** Never negative. */
  get freeVCpus(): number {
    return Math.max(0, this.#capacity - this.#used()) / 1000;
  }

  /** Whether `take` would succeed. */
  hasRoom(streamId: string, vCpus: number): boolean {
    return this.#held.has(streamId) || this.#used() + toMilli(vCpus) <= this.#capacity;
  }

  /**
   * Takes room for a stream. False if there is not enough. A stream that holds room already keeps it, whatever the new cost:
   * it holds the larger of both until `correct` says what the source takes.
   */
  take(streamId: string, vCpus: number): boolean {
    const wanted = toMilli(vCpus);
    const held = this.#held.get(streamId);
    if (!this.hasRoom(streamId, vCpus)) return false;
    this.#held.set(streamId, Math.max(held ?? 0, wanted));
    this.#unmet.delete(streamId);
    return true;
  }

  /** Replaces what a stream holds once its source is known. May exceed the capacity. Ignores a stream that holds nothing. */
  correct(streamId: string, vCpus: number): void {
    if (this.#held.has(streamId)) this.#held.set(streamId, toMilli(vCpus));
  }

  /** Gives a stream's room back, if it holds any. */
  release(streamId: string): void {
    this.#held.delete(streamId);
  }

  /** Counts a publish that nobody had room for as demand for a while. */
  turnAway(streamId: string, vCpus: number): void {
    this.#forgetOldUnmet();
    // Last in the map again, so that the first is always the oldest.
    this.#unmet.delete(streamId);
    this.#unmet.set(streamId, { milliVCpus: toMilli(vCpus), untilMs: this.#now() + UNMET_MS });
    this.#turnedAway++;
    const [oldest] = this.#unmet.keys();
    if (this.#unmet.size > MAX_UNMET && oldest !== undefined) this.#unmet.delete(oldest);
  }

  snapshot(): RoomSnapshot {
    this.#forgetOldUnmet();
    const unmet = [...this.#unmet.values()].reduce((sum, { milliVCpus }) => sum + milliVCpus, 0);
    const { capacityVCpus, usedVCpus, freeVCpus } = this;
    return { capacityVCpus, usedVCpus, freeVCpus, unmetVCpus: unmet / 1000, turnedAway: this.#turnedAway };
  }

  /** In thousandths of a vCPU. */
  #used(): number {
    return [...this.#held.values()].reduce((sum, held) => sum + held, 0);
  }

  #forgetOldUnmet(): void {
    const nowMs = this.#now();
    for (const [streamId, { untilMs }] of this.#unmet) if (untilMs <= nowMs) this.#unmet.delete(streamId);
  }
}

/** Throws a RangeError if it is not an amount: a NaN would make every later sum one. */
function toMilli(vCpus: number): number {
  if (!(Number.isFinite(vCpus) && vCpus >= 0)) throw new RangeError(`not a number of vCPUs: ${vCpus}`);
  return Math.round(vCpus * 1000);
}
