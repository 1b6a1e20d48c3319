/** An answer of the server, with the local times at which it was asked for and begun. */
export interface DatedAnswer {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  /** The Date header (RFC 9110 6.6.1). It is in whole seconds. */
  readonly date: string | null;
  /** The Age header of a cache (RFC 9111 5.1), in whole seconds. */
  readonly age: string | null;
}

/** Servers may write a date that is so much old, and caches round their ages. */
const SLACK_MS = 100;
const SECOND_MS = 1000;

/**
 * The server's clock, for viewers whose own is wrong. Each answer says between which limits the difference of the two clocks
 * lies. All answers together narrow it down to less than the second in which dates are given. A local clock that agrees
 * with all of them is taken for right.
 */
export class ServerClock {
  #lowMs = Number.NEGATIVE_INFINITY;
  #highMs = Number.POSITIVE_INFINITY;

  observe({ askedAtMs, answeredAtMs, date, age }: DatedAnswer): void {
    const dateMs = Date.parse(date ?? '');
    if (Number.isNaN(dateMs)) return;
    const ageMs = age === null ? 0 : Number(age) * SECOND_MS;
    if (!(ageMs >= 0)) return;
    // A cached answer is at least as old as its age, and less than a second older.
    const oldestMs = dateMs + ageMs - SLACK_MS;
    const newestMs = dateMs + ageMs + SECOND_MS + (age === null ? 0 : SECOND_MS) + SLACK_MS;
    const lowMs = oldestMs - answeredAtMs;
    const highMs = newestMs - askedAtMs;
    const isConsistent = lowMs <= this.#highMs && highMs >= this.#lowMs;
    // If not, one of the clocks was set meanwhile.
    this.#lowMs = isConsistent ? Math.max(lowMs, this.#lowMs) : lowMs;
    this.#highMs = isConsistent ? Math.min(highMs, this.#highMs) : highMs;
  }

  /** Returns the server's time at a local time. Both are milliseconds since 1970. */
  at(localMs: number): number {
    const isLocalClockRight = this.#lowMs <= 0 && this.#highMs >= 0;
    return isLocalClockRight ? localMs : localMs + (this.#lowMs + this.#highMs) / 2;
  }
}
