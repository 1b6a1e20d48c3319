/**
 * How fast the offset may grow: faster than clocks drift apart (0.01 %), but slow enough to ignore seconds of jitter.
 */
const LEAK_MS_PER_MS = 0.0005;
/**
 * If the date of arrival moves by more than this against a clock that never steps, the wall clock was set. Tags that another task
 * passes on have the dates of their arrival there, and may come a little later.
 */
const WALL_CLOCK_STEP_MS = 200;
/** How many returns of a publisher are remembered. The packager asks about the last few segments only. */
const MAX_REMEMBERED_RETURNS = 8;

/** A stretch of the timeline without an absence of the publisher or a step of the wall clock. */
interface Stretch {
  readonly fromMs: number;
  readonly offsetMs: number | null;
}

/**
 * Maps a publisher's timeline to the wall clock. Jitter can only make tags late, so the smallest offset between
 * timestamp and arrival is the best estimate. The estimate slowly grows, to follow a publisher's clock that runs slow.
 */
export class IngestClock {
  /** Oldest first; there is always one. */
  readonly #stretches: Stretch[] = [{ fromMs: Number.NEGATIVE_INFINITY, offsetMs: null }];
  #forgottenStretches = 0;
  #newestTimelineMs = Number.NEGATIVE_INFINITY;
  /** What the wall clock was ahead of the steady one at the last tag. */
  #wallAheadMs: number | null = null;

  /**
   * A tag of `timelineMs` arrived at `receivedAtMs` (milliseconds since 1970), which is `nowMs` by a clock that never steps. If the
   * wall clock was set, dates follow it from this tag on, as after an absence.
   */
  observe(timelineMs: number, receivedAtMs: number, nowMs: number): void {
    const wallAheadMs = receivedAtMs - nowMs;
    const steppedMs = Math.abs(wallAheadMs - (this.#wallAheadMs ?? wallAheadMs));
    this.#wallAheadMs = wallAheadMs;
    if (steppedMs > WALL_CLOCK_STEP_MS) this.onReturn(timelineMs);
    const { fromMs, offsetMs } = this.#newest;
    const seenMs = receivedAtMs - timelineMs;
    const elapsedMs = Math.max(0, timelineMs - this.#newestTimelineMs);
    this.#newestTimelineMs = Math.max(this.#newestTimelineMs, timelineMs);
    const nextMs = offsetMs === null ? seenMs : Math.min(seenMs, offsetMs + elapsedMs * LEAK_MS_PER_MS);
    this.#stretches[this.#stretches.length - 1] = { fromMs, offsetMs: nextMs };
  }

  /** The publisher was away and is back. Its media goes on at `timelineMs`, where it stopped; the wall clock has gone on. */
  onReturn(timelineMs: number): void {
    this.#stretches.push({ fromMs: timelineMs, offsetMs: null });
    if (this.#stretches.length <= MAX_REMEMBERED_RETURNS + 1) return;
    this.#stretches.shift();
    this.#forgottenStretches++;
  }

  /** Converts a position on the timeline to milliseconds since 1970. Throws before the first tag. */
  wallClockMs(timelineMs: number): number {
    const offsetMs = this.#stretches[this.#indexAt(timelineMs)]?.offsetMs ?? null;
    if (offsetMs === null) throw new Error('the ingest clock has seen no tag');
    return timelineMs + offsetMs;
  }

  /** How often the publisher had been away by a position on the timeline. */
  absencesBy(timelineMs: number): number {
    return this.#forgottenStretches + this.#indexAt(timelineMs);
  }

  get #newest(): Stretch {
    return this.#stretches.at(-1) ?? { fromMs: Number.NEGATIVE_INFINITY, offsetMs: null };
  }

  #indexAt(timelineMs: number): number {
    return Math.max(
      0,
      this.#stretches.findLastIndex(({ fromMs }) => fromMs <= timelineMs),
    );
  }
}
