/** Sets of segments that say something about the peak last this many target durations (RFC 8216bis 4.4.6.2, BANDWIDTH). */
const PEAK_SET_MIN_TARGETS = 0.5;
const PEAK_SET_MAX_TARGETS = 1.5;

interface MeasuredSegment {
  readonly bytes: number;
  readonly seconds: number;
}

/** Bitrates of one rendition's whole segments, from the first on: what BANDWIDTH and AVERAGE-BANDWIDTH declare. */
export class SegmentBitrates {
  /** Highest bitrate of any set of neighbouring segments that lasts about a target duration. */
  peakBitsPerSecond = 0;
  #totalBytes = 0;
  #totalSeconds = 0;
  /** The newest neighbours, oldest first, that a set with the next one may contain. */
  #recent: MeasuredSegment[] = [];
  readonly #targetDurationSeconds: number;

  constructor(targetDurationSeconds: number) {
    this.#targetDurationSeconds = targetDurationSeconds;
  }

  /** Media that was measured. */
  get measuredSeconds(): number {
    return this.#totalSeconds;
  }

  /** 0 before the first segment. */
  get averageBitsPerSecond(): number {
    return this.#totalSeconds === 0 ? 0 : (this.#totalBytes * 8) / this.#totalSeconds;
  }

  /** A segment is whole. */
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

  /** What comes next is no neighbour of what came before. */
  addGap(): void {
    this.#recent = [];
  }
}
