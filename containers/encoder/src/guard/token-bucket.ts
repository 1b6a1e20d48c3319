/** Allows so much a second for good, and what was not used in the seconds before at once: a token bucket. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAtMs: number;

  /** Full at first. `now`: milliseconds since 1970. */
  constructor(perSecond: number, burstSeconds: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#capacity = perSecond * burstSeconds;
    this.#tokens = this.#capacity;
    this.#now = now;
    this.#filledAtMs = now();
  }

  /** Takes so many; false once that is too much. */
  take(count: number): boolean {
    const nowMs = this.#now();
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs); // wall clocks are set back now and then
    this.#filledAtMs = nowMs;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (this.#perSecond * elapsedMs) / 1000) - count;
    return this.#tokens >= 0;
  }
}
