/** A publisher that sent nothing for this long may have been cut off by the network, and sends its backlog now. */
const FREEZE_MS = 3000;
/** A publisher that is behind by less than this has caught up. */
const CAUGHT_UP_MS = 500;
/** Media that comes less than twice as fast as real time is no burst. */
const BURST_SPEED = 2;
const SPEED_WINDOW_MS = 300;
/** Viewers wait meanwhile, so a hold does not last. */
const MAX_HOLD_MS = 2000;

interface Hold {
  readonly sinceMs: number;
  /** How far the publisher was behind at the first tag, whose position is `fromMs`. */
  readonly behindMs: number;
  readonly fromMs: number;
  /** What had come at the beginning of the current window. */
  windowAtMs: number;
  windowFromMs: number;
}

/**
 * Tells when tags should be held back: while a burst comes in after the network was frozen. Only at its end is it known which
 * keyframe is the newest. All times are milliseconds: positions on the publisher's timeline, and `nowMs` of any clock.
 */
export class BurstHold {
  #lastTagAtMs: number | null = null;
  #newestMs = Number.NEGATIVE_INFINITY;
  #hold: Hold | null = null;

  get isHolding(): boolean {
    return this.#hold !== null;
  }

  /** A tag came. */
  onTag(timelineMs: number, nowMs: number): void {
    const pauseMs = this.#lastTagAtMs === null ? 0 : nowMs - this.#lastTagAtMs;
    this.#lastTagAtMs = nowMs;
    this.#newestMs = Math.max(this.#newestMs, timelineMs);
    if (this.#hold === null && pauseMs >= FREEZE_MS) this.#hold = this.#begin(pauseMs, nowMs);
    else if (this.#hold !== null && this.#behindMs(this.#hold, nowMs) < CAUGHT_UP_MS) this.release();
  }

  /** Call it every now and then during a hold: the burst may be over. */
  check(nowMs: number): void {
    const hold = this.#hold;
    if (hold === null) return;
    const elapsedMs = nowMs - hold.windowAtMs;
    if (elapsedMs < SPEED_WINDOW_MS) return;
    const isBurst = this.#newestMs - hold.windowFromMs >= BURST_SPEED * elapsedMs;
    if (!isBurst || nowMs - hold.sinceMs >= MAX_HOLD_MS) this.release();
    hold.windowAtMs = nowMs;
    hold.windowFromMs = this.#newestMs;
  }

  /** The tags that follow do not come late. */
  release(): void {
    this.#hold = null;
  }

  /** The pause was the publisher's absence, and no media comes from before it. */
  onReturn(): void {
    this.#lastTagAtMs = null;
    this.release();
  }

  #begin(behindMs: number, nowMs: number): Hold {
    return { sinceMs: nowMs, behindMs, fromMs: this.#newestMs, windowAtMs: nowMs, windowFromMs: this.#newestMs };
  }

  #behindMs({ sinceMs, behindMs, fromMs }: Hold, nowMs: number): number {
    return behindMs + (nowMs - sinceMs) - (this.#newestMs - fromMs);
  }
}
