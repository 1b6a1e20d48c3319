/** How fast the offset may grow: more than clocks drift apart (0.01 %), little enough to ride over seconds of jitter. */
const LEAK_MS_PER_MS = 0.0005;

/**
 * Wall clock of a publisher's timeline. Jitter only ever makes tags late, so the offset of arrival to timestamp is the least
 * one seen; it leaks upwards to follow a publisher's clock that runs slow.
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

  /** Milliseconds since 1970 of a moment of the timeline. Throws before the first tag. */
  wallClockMs(timelineMs: number): number {
    if (this.#offsetMs === null) throw new Error('the ingest clock has seen no tag');
    return timelineMs + this.#offsetMs;
  }
}
