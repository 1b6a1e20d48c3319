import type { MediaRun } from '#encoder/media/media-run.ts';

/** How many segments' dates are kept for renditions that lag. None lags by more. */
const REMEMBERED_SEGMENTS = 16;
/**
 * How far a segment's date may differ from the end of the previous segment. Players compute dates from one segment's
 * date and durations, so dates must agree with EXTINF. Publishers' clocks drift less than this (0.01 %).
 */
const MAX_DATE_CORRECTION_MS = 0.5;

interface SegmentDate {
  readonly mediaSeconds: number;
  readonly dateTimeMs: number;
}

/** What the renditions of a run share: when its media begins, and the date of each segment. */
export class RunClock {
  #firstCutSeconds: number | null = null;
  readonly #segmentDates = new Map<number, SegmentDate>();

  readonly #run: MediaRun;

  constructor(run: MediaRun) {
    this.#run = run;
  }

  /** Media time of the run's first cut; null until a leading rendition has its first sample. */
  get startSeconds(): number | null {
    return this.#firstCutSeconds;
  }

  /** All leading renditions start at the same media time. The first one that calls sets it. */
  start(mediaSeconds: number): void {
    this.#firstCutSeconds ??= mediaSeconds;
  }

  /** Whether any rendition has published a part of the run's segment `index`. */
  hasBegun(index: number): boolean {
    return this.#segmentDates.has(index);
  }

  /**
   * Wall-clock time (milliseconds since 1970) of a sample, `offsetSeconds` after the start of the run's segment
   * `index`, which is at media time `segmentSeconds`. Reads the ingest clock once per segment, so that all renditions
   * agree (RFC 8216bis 6.2.4).
   */
  programDateTimeMs(index: number, segmentSeconds: number, offsetSeconds: number): number {
    let date = this.#segmentDates.get(index);
    if (date === undefined) {
      date = { mediaSeconds: segmentSeconds, dateTimeMs: this.#dateTimeMs(index, segmentSeconds) };
      this.#segmentDates.set(index, date);
      this.#segmentDates.delete(index - REMEMBERED_SEGMENTS);
    }
    return date.dateTimeMs + offsetSeconds * 1000;
  }

  #dateTimeMs(index: number, mediaSeconds: number): number {
    const readMs = this.#run.wallClockMs(mediaSeconds);
    const previous = this.#segmentDates.get(index - 1);
    if (previous === undefined) return readMs;
    const continuedMs = previous.dateTimeMs + (mediaSeconds - previous.mediaSeconds) * 1000;
    return continuedMs + Math.max(-MAX_DATE_CORRECTION_MS, Math.min(readMs - continuedMs, MAX_DATE_CORRECTION_MS));
  }
}
