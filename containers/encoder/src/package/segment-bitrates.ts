/** A peak is measured over segments that last this many target durations (RFC 8216bis 4.4.6.2, BANDWIDTH). */
const PEAK_SET_MIN_TARGETS = 0.5;
const PEAK_SET_MAX_TARGETS = 1.5;

export interface MeasuredSegment {
  readonly bytes: number;
  readonly seconds: number;
}

/** What was measured so far. */
export interface BitratesSnapshot {
  readonly peakBitsPerSecond: number;
  readonly totalBytes: number;
  readonly totalSeconds: number;
  /** The newest contiguous segments that may form a set with the next one, oldest first. */
  readonly recent: readonly MeasuredSegment[];
}

export const NOTHING_MEASURED: BitratesSnapshot = { peakBitsPerSecond: 0, totalBytes: 0, totalSeconds: 0, recent: [] };

/** Measures the bitrates of a rendition's complete segments, for BANDWIDTH and AVERAGE-BANDWIDTH. */
export class SegmentBitrates {
  /** Highest bitrate of any contiguous segments that together last about a target duration. */
  peakBitsPerSecond: number;
  #totalBytes: number;
  #totalSeconds: number;
  #recent: readonly MeasuredSegment[];
  readonly #targetDurationSeconds: number;

  /** Goes on from what was `measured` elsewhere. */
  constructor(targetDurationSeconds: number, measured: BitratesSnapshot = NOTHING_MEASURED) {
    this.#targetDurationSeconds = targetDurationSeconds;
    this.peakBitsPerSecond = measured.peakBitsPerSecond;
    this.#totalBytes = measured.totalBytes;
    this.#totalSeconds = measured.totalSeconds;
    this.#recent = measured.recent;
  }

  snapshot(): BitratesSnapshot {
    return {
      peakBitsPerSecond: this.peakBitsPerSecond,
      totalBytes: this.#totalBytes,
      totalSeconds: this.#totalSeconds,
      recent: this.#recent,
    };
  }

  /** How much media was measured. */
  get measuredSeconds(): number {
    return this.#totalSeconds;
  }

  /** 0 before the first segment. */
  get averageBitsPerSecond(): number {
    return this.#totalSeconds === 0 ? 0 : (this.#totalBytes * 8) / this.#totalSeconds;
  }

  /** Adds a complete segment. */
  add(bytes: number, seconds: number): void {
    this.#totalBytes += bytes;
    this.#totalSeconds += seconds;
    const set = { bytes: 0, seconds: 0 };
    const neighbours: MeasuredSegment[] = [];
    for (const segment of [{ bytes, seconds }, ...this.#recent.toReversed()]) {
      set.bytes += segment.bytes;
      set.seconds += segment.seconds;
      if (set.seconds > PEAK_SET_MAX_TARGETS * this.#targetDurationSeconds) break;
      neighbours.unshift(segment);
      if (set.seconds < PEAK_SET_MIN_TARGETS * this.#targetDurationSeconds) continue;
      this.peakBitsPerSecond = Math.max(this.peakBitsPerSecond, (set.bytes * 8) / set.seconds);
    }
    this.#recent = neighbours;
  }

  /** The next segment is not contiguous with those before. */
  addGap(): void {
    this.#recent = [];
  }
}
