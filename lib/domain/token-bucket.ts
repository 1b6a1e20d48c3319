export interface TokenBucketOptions {
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Tokens in a full bucket: what may be taken at once. */
  readonly capacity: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A token bucket that starts full. All rate limits use it: those of the encoder's guard and those of the control API. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #filledAtMs: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.capacity;
    this.#filledAtMs = options.now();
  }

  /** Takes that many tokens if they are there; false if they are not. */
  take(count: number): boolean {
    this.#fill();
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** How many milliseconds it takes until that many tokens are there, if nobody takes any. 0 if they are there. */
  waitMs(count: number): number {
    this.#fill();
    return Math.max(0, ((count - this.#tokens) / this.#options.perSecond) * 1000);
  }

  /**
   * Takes one token, even if none is left. Returns how many milliseconds the caller must wait for it, at most `maxWaitMs`: the
   * debt never grows beyond that.
   */
  takeTurn(maxWaitMs: number): number {
    this.#fill();
    const perMs = this.#options.perSecond / 1000;
    const waitMs = Math.min(maxWaitMs, Math.max(0, (1 - this.#tokens) / perMs));
    this.#tokens = Math.max(this.#tokens - 1, -maxWaitMs * perMs);
    return waitMs;
  }

  #fill(): void {
    const { perSecond, capacity, now } = this.#options;
    const nowMs = now();
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs); // wall clocks are set back now and then
    this.#filledAtMs = nowMs;
    this.#tokens = Math.min(capacity, this.#tokens + (perSecond * elapsedMs) / 1000);
  }
}
