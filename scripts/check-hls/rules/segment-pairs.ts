import type { JudgedSegment, ObservedRendition } from './observed-rendition.ts';

export type SegmentPair = readonly [ObservedRendition, JudgedSegment, ObservedRendition, JudgedSegment];

/** So many of the newest segments say how far two renditions' numbers are apart. */
const VOTERS = 50;

/**
 * The same segment in the first rendition that has it and in each other one. Media sequence numbers need not be the same in all
 * renditions (RFC 8216bis 6.2.4): where they are not, the segments that begin together are the same.
 */
export function segmentPairs(renditions: readonly ObservedRendition[]): readonly SegmentPair[] {
  const compared = renditions.filter(({ isIFramePlaylist, segments }) => !isIFramePlaylist && segments.length > 0);
  const firsts = new Map<number, readonly [ObservedRendition, JudgedSegment]>();
  const found: SegmentPair[] = [];
  for (const rendition of compared) {
    const ahead = numbersAhead(rendition.segments, compared[0]?.segments ?? []);
    for (const segment of rendition.segments) {
      const first = firsts.get(segment.msn - ahead);
      if (first === undefined) firsts.set(segment.msn - ahead, [rendition, segment]);
      // If segments are not cut alike, they are not the same.
      else if (ahead === 0 || beginTogether(first[1], segment)) found.push([...first, rendition, segment]);
    }
  }
  return found;
}

/** How much larger the numbers of some segments are than those of the same segments of another rendition. */
function numbersAhead(segments: readonly JudgedSegment[], others: readonly JudgedSegment[]): number {
  const votes = new Map<number, number>();
  for (const segment of segments.slice(-VOTERS)) {
    const same = others.find((other) => beginTogether(segment, other));
    if (same !== undefined) votes.set(segment.msn - same.msn, (votes.get(segment.msn - same.msn) ?? 0) + 1);
  }
  const [most] = [...votes].toSorted(([, a], [, b]) => b - a);
  return most?.[0] ?? 0;
}

/** By their dates, or by their timestamps without dates, to half a segment. */
function beginTogether(a: JudgedSegment, b: JudgedSegment): boolean {
  if (a.discontinuityNumber !== b.discontinuityNumber) return false;
  const apartSeconds =
    difference(a.programDateTimeMs, b.programDateTimeMs, 1_000) ?? difference(a.startSeconds, b.startSeconds);
  return apartSeconds !== null && apartSeconds < Math.min(a.durationSeconds, b.durationSeconds) / 2;
}

function difference(a: number | null, b: number | null, unitsPerSecond = 1): number | null {
  return a === null || b === null ? null : Math.abs(a - b) / unitsPerSecond;
}
