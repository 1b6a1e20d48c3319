import type { EncoderRun } from '#encoder/media/encoder-run.ts';

/** Segments whose date-time other renditions may still ask for; renditions are never further apart. */
const REMEMBERED_SEGMENTS = 16;
/**
 * How far a segment's date-time may be steered from the end of the one before it. Players map dates to media time by one
 * segment and durations, so dates must agree with EXTINF; publishers' clocks drift less than this (0.01 %).
 */
const MAX_STEER_MS = 0.5;

interface SegmentDate {
  readonly mediaSeconds: number;
  readonly dateTimeMs: number;
}

/** What the renditions of one run share: when its media begins, and the date-time of each segment. */
export class RunClock {
  #firstCutSeconds: number | null = null;
  readonly #segmentDates = new Map<number, SegmentDate>();

  readonly #run: EncoderRun;

  constructor(run: EncoderRun) {
    this.#run = run;
  }

  /** Media time of the run's first cut; null until the leading rendition has its first sample. */
  get startSeconds(): number | null {
    return this.#firstCutSeconds;
  }

  /** The leading renditions start at the same media time; the first to come sets it. */
  start(mediaSeconds: number): void {
    this.#firstCutSeconds ??= mediaSeconds;
  }

  /** Whether some rendition has published a part of the run's segment `index`. */
  hasBegun(index: number): boolean {
    return this.#segmentDates.has(index);
  }

  /**
   * Wall clock (milliseconds since 1970) of a sample `offsetSeconds` after the start of the run's segment `index`, whose
   * media time is `segmentSeconds`. The ingest clock is read once a segment, so all renditions agree (RFC 8216bis 6.2.4).
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
    return continuedMs + Math.max(-MAX_STEER_MS, Math.min(readMs - continuedMs, MAX_STEER_MS));
  }
}
