import type { Segment } from './segment.ts';

/** Some consecutive segments, and which of them a playlist lists. */
export interface SegmentRange<Media = Buffer> {
  /** Oldest first, with consecutive media sequence numbers. */
  readonly segments: readonly Segment<Media>[];
  /** Index of the first segment that the playlist lists. */
  readonly listedFrom: number;
}

export const NO_SEGMENTS: SegmentRange<never> = { segments: [], listedFrom: 0 };

/**
 * The segments of a rendition in memory: those that the playlist lists, and those that have left it but may still be
 * requested. Media sequence numbers are consecutive, so a segment is found by subtraction. Memory is bounded by the
 * playlist window.
 */
export class SegmentWindow {
  /** The last one may be open. */
  #segments: Segment[];
  #listedFrom: number;
  readonly #windowSeconds: number;

  constructor(windowSeconds: number, { segments, listedFrom }: SegmentRange = NO_SEGMENTS) {
    this.#windowSeconds = windowSeconds;
    this.#segments = [...segments];
    this.#listedFrom = listedFrom;
  }

  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  /** Complete or not. */
  get newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  all(): readonly Segment[] {
    return this.#segments;
  }

  listed(): readonly Segment[] {
    return this.#segments.slice(this.#listedFrom);
  }

  find(msn: number): Segment | undefined {
    return this.#segments[msn - (this.oldest?.msn ?? 0)];
  }

  push(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** The listed segments, and those before them that last at most `secondsBefore` together. */
  recent(secondsBefore: number): SegmentRange {
    let from = this.#listedFrom;
    let total = 0;
    while (from > 0) {
      total += this.#segments[from - 1]?.durationSeconds ?? 0;
      if (total > secondsBefore) break;
      from--;
    }
    return { segments: this.#segments.slice(from), listedFrom: this.#listedFrom - from };
  }

  /**
   * Removes segments from the playlist when they leave the window, and from memory one window later. A segment must
   * stay available for its duration plus that of the longest playlist that listed it (RFC 8216bis 6.2.2).
   */
  slide(): void {
    this.#listedFrom = Math.max(this.#listedFrom, this.#firstWithin(this.#windowSeconds));
    const keepFrom = this.#firstWithin(2 * this.#windowSeconds);
    if (keepFrom === 0) return;
    this.#segments = this.#segments.slice(keepFrom);
    this.#listedFrom -= keepFrom;
  }

  /** Index of the oldest segment for which it and all newer ones together last at most `seconds`. */
  #firstWithin(seconds: number): number {
    let index = this.#segments.length;
    let total = 0;
    while (index > 0) {
      total += this.#segments[index - 1]?.durationSeconds ?? 0;
      if (total > seconds) break;
      index--;
    }
    return Math.min(index, this.#segments.length - 1);
  }
}
