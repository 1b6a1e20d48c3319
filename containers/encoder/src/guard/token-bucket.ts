/** Allows so much a second for good, and what was not used in the seconds before at once: a token bucket. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #clock: () => number;
  #tokens: number;
  #filledAtMs: number;

  /** Full at first. `clock`: milliseconds since 1970. */
  constructor(perSecond: number, burstSeconds: number, clock: () => number) {
    this.#perSecond = perSecond;
    this.#capacity = perSecond * burstSeconds;
    this.#tokens = this.#capacity;
    this.#clock = clock;
    this.#filledAtMs = clock();
  }

  /** Takes so many; false once that is too much. */
  take(count: number): boolean {
    const nowMs = this.#clock();
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs); // wall clocks are set back now and then
    this.#filledAtMs = nowMs;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (this.#perSecond * elapsedMs) / 1000) - count;
    return this.#tokens >= 0;
  }
}
