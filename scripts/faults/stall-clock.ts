/** Finds the longest time in which a position stood still, from readings of it. */
export class StallClock {
  readonly #now: () => number;
  #position: number | null = null;
  #movedAtMs: number | null = null;
  #longestMs = 0;
  #isStopped = false;

  /** `now` returns milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get position(): number | null {
    return this.#movedAtMs === null ? null : this.#position;
  }

  /** Since the position first moved. A stall that goes on counts. */
  get longestStallSeconds(): number {
    this.#look();
    return this.#longestMs / 1000;
  }

  read(position: number): void {
    if (this.#isStopped) return;
    const hasMoved = this.#position !== null && position !== this.#position;
    this.#look();
    if (hasMoved) this.#movedAtMs = this.#now();
    this.#position = position;
  }

  /** What comes now is no stall: the stream has ended. */
  stop(): void {
    this.#look();
    this.#isStopped = true;
  }

  #look(): void {
    if (this.#movedAtMs === null || this.#isStopped) return;
    this.#longestMs = Math.max(this.#longestMs, this.#now() - this.#movedAtMs);
  }
}
