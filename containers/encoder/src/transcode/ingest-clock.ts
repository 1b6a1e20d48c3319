/**
 * How fast the offset may grow: faster than clocks drift apart (0.01 %), but slow enough to ignore seconds of jitter.
 */
const LEAK_MS_PER_MS = 0.0005;

/**
 * Maps a publisher's timeline to the wall clock. Jitter can only make tags late, so the smallest offset between
 * timestamp and arrival is the best estimate. The estimate slowly grows, to follow a publisher's clock that runs slow.
 */
export class IngestClock {
  #offsetMs: number | null = null;
  #newestTimelineMs = Number.NEGATIVE_INFINITY;

  /** A tag of `timelineMs` arrived at `receivedAtMs` (milliseconds since 1970). */
  observe(timelineMs: number, receivedAtMs: number): void {
    const seenMs = receivedAtMs - timelineMs;
    const elapsedMs = Math.max(0, timelineMs - this.#newestTimelineMs);
    this.#newestTimelineMs = Math.max(this.#newestTimelineMs, timelineMs);
    this.#offsetMs = this.#offsetMs === null ? seenMs : Math.min(seenMs, this.#offsetMs + elapsedMs * LEAK_MS_PER_MS);
  }

  /** Converts a position on the timeline to milliseconds since 1970. Throws before the first tag. */
  wallClockMs(timelineMs: number): number {
    if (this.#offsetMs === null) throw new Error('the ingest clock has seen no tag');
    return timelineMs + this.#offsetMs;
  }
}
