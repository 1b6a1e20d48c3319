/** How many skips are remembered. The packager asks about the last few segments only. */
const MAX_REMEMBERED_SKIPS = 16;

/** A stretch of a run without a skip. */
interface FedStretch {
  /** Where it begins in the run. */
  readonly fromMs: number;
  /** How much media was skipped before. */
  readonly skippedMs: number;
}

/**
 * Maps the publisher's timeline to what a run is fed, in milliseconds. Skipped media takes no time in the run, because FFmpeg
 * would fill a gap with repeated frames, each of which costs as much as any other.
 */
export class FeedTimeline {
  /** Oldest first; there is always one. */
  readonly #stretches: FedStretch[] = [{ fromMs: Number.NEGATIVE_INFINITY, skippedMs: 0 }];
  #forgottenSkips = 0;

  /** Where media that is fed now belongs in the run. */
  toRunMs(timelineMs: number): number {
    return timelineMs - (this.#stretches.at(-1)?.skippedMs ?? 0);
  }

  /** Which media is at a position of the run. */
  toTimelineMs(runMs: number): number {
    return runMs + (this.#stretches[this.#indexAt(runMs)]?.skippedMs ?? 0);
  }

  /** How often media was skipped before a position of the run. */
  skipsBy(runMs: number): number {
    return this.#forgottenSkips + this.#indexAt(runMs);
  }

  /** The run goes on at `runMs` with the media of `timelineMs`. */
  skip(timelineMs: number, runMs: number): void {
    // Nothing was fed since the last skip, so both are one.
    if (this.#stretches.length > 1 && this.#stretches.at(-1)?.fromMs === runMs) this.#stretches.pop();
    this.#stretches.push({ fromMs: runMs, skippedMs: timelineMs - runMs });
    if (this.#stretches.length <= MAX_REMEMBERED_SKIPS + 1) return;
    this.#stretches.shift();
    this.#forgottenSkips++;
  }

  #indexAt(runMs: number): number {
    return Math.max(
      0,
      this.#stretches.findLastIndex(({ fromMs }) => fromMs <= runMs),
    );
  }
}
