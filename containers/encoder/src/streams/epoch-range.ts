/** Epochs that a publish has reserved, handed out one for each encoder run. */
export class EpochRange {
  #next: number;
  readonly #end: number;
  readonly #onUsedUp: () => void;

  /** `onUsedUp` is called with the last epoch still good: the publish must end before it needs another. */
  constructor(firstEpoch: number, count: number, onUsedUp: () => void) {
    this.#next = firstEpoch;
    this.#end = firstEpoch + count;
    this.#onUsedUp = onUsedUp;
  }

  /** The next epoch; never the same twice. Throws when none is left. */
  take(): number {
    if (this.#next >= this.#end) throw new Error('all epochs of this publish are used up');
    const epoch = this.#next++;
    if (this.#next === this.#end) this.#onUsedUp();
    return epoch;
  }
}
