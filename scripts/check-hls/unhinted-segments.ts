import type { PlacedPart } from './playlist/placed-part.ts';

/** Counts the segments in a row whose first parts no playlist had hinted at. */
export class UnhintedSegments {
  #newestMsn = -1;
  #inARow = 0;

  /**
   * Adds a segment's first part. A discontinuity or a gap ends the row: nobody could know what would follow. Returns how many there are
   * by now.
   */
  add({ segment }: PlacedPart, hint: string | null): number {
    if (segment.msn <= this.#newestMsn) return this.#inARow;
    const isExpected = hint !== null || segment.discontinuities > 0 || segment.isGap;
    const isNext = segment.msn === this.#newestMsn + 1;
    this.#inARow = isExpected ? 0 : isNext ? this.#inARow + 1 : 1;
    this.#newestMsn = segment.msn;
    return this.#inARow;
  }
}
