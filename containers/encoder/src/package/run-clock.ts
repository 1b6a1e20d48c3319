import type { MediaRun } from '#encoder/media/media-run.ts';
import type { MediaPeriod } from './segment.ts';

/** How many segments' dates are kept for renditions that lag. None lags by more. */
const REMEMBERED_SEGMENTS = 16;
/**
 * How far a segment's date may differ from the end of the previous segment. Players compute dates from one segment's
 * date and durations, so dates must agree with EXTINF. Publishers' clocks drift less than this (0.01 %).
 */
const MAX_DATE_CORRECTION_MS = 0.5;
/** A run whose dates are further off than this does not go on where the one before has ended. */
const MAX_DATE_JUMP_MS = 200;

/** When a segment begins. */
interface SegmentMoment {
  readonly mediaSeconds: number;
  readonly dateTimeMs: number;
  /** How often the publisher had been away by then. */
  readonly absences: number;
  readonly period: MediaPeriod;
}

/** What a stream's past says about the first cut of its next run. */
export interface RunBeginning {
  /** The stream's media time there. No rendition has media after it. */
  readonly mediaSeconds: number;
  /** How many discontinuities are before the first segment, if there is one right before it. */
  readonly discontinuityNumber: number;
  /** The date there, in milliseconds since 1970. Null if the run is coded in another way than the one before, or nothing is known of it. */
  readonly dateTimeMs: number | null;
  /** That of the media before. Null if there is none, or if it is lost. */
  readonly period: MediaPeriod | null;
}

/**
 * What the renditions of a run share: where its media is on the stream's timeline, how much of it is published, and the
 * date and the discontinuities of each segment.
 */
export class RunClock {
  #firstCutSeconds: number | null = null;
  #publishedSeconds = 0;
  #newest: SegmentMoment | null = null;
  readonly #moments = new Map<number, SegmentMoment>();
  readonly #run: MediaRun;
  readonly #beginning: RunBeginning;
  #absencesAtStart = 0;
  #isOtherCoding = false;
  /** The date of the first cut if there is no discontinuity. */
  #continuedMs: number | null = null;

  constructor(run: MediaRun, beginning: RunBeginning) {
    this.#run = run;
    this.#beginning = beginning;
  }

  /** The run's own time of its first cut; null until a leading rendition has its first sample. */
  get startSeconds(): number | null {
    return this.#firstCutSeconds;
  }

  /** What is added to the run's own times: each FFmpeg begins at the same time, and the stream's media time goes on. */
  get shiftSeconds(): number {
    return this.#beginning.mediaSeconds - (this.#firstCutSeconds ?? 0);
  }

  /** Up to where the leading rendition that is furthest ahead has published parts, in seconds since the first cut. */
  get publishedSeconds(): number {
    return this.#publishedSeconds;
  }

  /** The run's own time at which its published media ends; 0 if there is none. */
  get endSeconds(): number {
    return this.#firstCutSeconds === null ? 0 : this.#firstCutSeconds + this.#publishedSeconds;
  }

  /** The number of discontinuities before the newest segment. */
  get discontinuityNumber(): number {
    return this.#discontinuityNumberAt(this.#newest);
  }

  /** All leading renditions start at the same time. The first one that calls sets it. */
  start(runSeconds: number): void {
    this.#firstCutSeconds ??= runSeconds;
  }

  /** A rendition's init section is not the one before, so there is a discontinuity. Says nothing new after the first part. */
  onOtherCoding(): void {
    this.#isOtherCoding = true;
  }

  /** A leading rendition has published parts up to so many seconds after the first cut. */
  onPublished(untilSeconds: number): void {
    this.#publishedSeconds = Math.max(this.#publishedSeconds, untilSeconds);
  }

  /**
   * The date and the discontinuities of a sample, `offsetSeconds` after the start of the run's segment `index`, which is at
   * the run's own time `segmentSeconds`. Reads the ingest clock once per segment, so that all renditions agree (RFC 8216bis 6.2.4).
   * The run has a discontinuity before its first segment unless its coding and its dates go on.
   * After the publisher was away, the next segment has a discontinuity: its date does not follow from the one before it.
   */
  segmentStart(index: number, segmentSeconds: number, offsetSeconds: number) {
    let moment = this.#moments.get(index);
    if (moment === undefined) {
      moment = this.#read(index, segmentSeconds);
      this.#moments.set(index, moment);
      this.#moments.delete(index - REMEMBERED_SEGMENTS);
    }
    return {
      programDateTimeMs: moment.dateTimeMs + offsetSeconds * 1000,
      discontinuityNumber: this.#discontinuityNumberAt(moment),
      period: moment.period,
    };
  }

  #read(index: number, mediaSeconds: number): SegmentMoment {
    const absences = this.#run.absencesBy(mediaSeconds);
    const readMs = this.#run.wallClockMs(mediaSeconds);
    if (this.#newest === null) this.#onFirstCut(absences, readMs);
    const continuedMs = index === 0 ? this.#continuedMs : this.#continuedFrom(index - 1, mediaSeconds, absences);
    const dateTimeMs = corrected(continuedMs ?? readMs, readMs);
    const known = this.#newest?.absences === absences ? this.#newest.period : null;
    const period = known ?? this.#beginPeriod(mediaSeconds + this.shiftSeconds, dateTimeMs);
    this.#newest = { mediaSeconds, absences, dateTimeMs, period };
    return this.#newest;
  }

  /** It goes on where the period before would, unless its date is later. So the drift of the publisher's clock opens no gap. */
  #beginPeriod(mediaSeconds: number, dateTimeMs: number): MediaPeriod {
    const before = this.#newest?.period ?? this.#beginning.period;
    if (before === null) return { mediaSeconds, presentationMs: dateTimeMs };
    const continuedMs = before.presentationMs + (mediaSeconds - before.mediaSeconds) * 1000;
    return { mediaSeconds, presentationMs: dateTimeMs - continuedMs > MAX_DATE_JUMP_MS ? dateTimeMs : continuedMs };
  }

  /** The run goes on without a discontinuity if its coding and its dates do. */
  #onFirstCut(absences: number, readMs: number): void {
    const { dateTimeMs } = this.#beginning;
    this.#absencesAtStart = absences;
    if (dateTimeMs === null || this.#isOtherCoding || Math.abs(readMs - dateTimeMs) > MAX_DATE_JUMP_MS) return;
    this.#continuedMs = dateTimeMs;
  }

  #continuedFrom(index: number, mediaSeconds: number, absences: number): number | null {
    const previous = this.#moments.get(index);
    if (previous === undefined || previous.absences !== absences) return null;
    return previous.dateTimeMs + (mediaSeconds - previous.mediaSeconds) * 1000;
  }

  #discontinuityNumberAt(moment: SegmentMoment | null): number {
    const absences = moment === null ? 0 : moment.absences - this.#absencesAtStart;
    return this.#beginning.discontinuityNumber + absences - (this.#continuedMs === null ? 0 : 1);
  }
}

function corrected(continuedMs: number, readMs: number): number {
  return continuedMs + Math.max(-MAX_DATE_CORRECTION_MS, Math.min(readMs - continuedMs, MAX_DATE_CORRECTION_MS));
}
