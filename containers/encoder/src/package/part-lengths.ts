import type { LatencyProfile } from '#domain/latency-profiles.ts';
import type { RunFormat } from '#encoder/media/media-run.ts';
import { cutGrid, partTargetSeconds, shortestPartSeconds } from './cut-grid.ts';

/** No part may be shorter than this share of PART-TARGET (RFC 8216bis 4.4.3.7). */
const SHORTEST_PART_SHARE = 0.85;

/** The longest and the shortest part that any rendition of some runs can have. */
export interface PartLengths {
  /** 0 without a run. */
  readonly longestSeconds: number;
  /** Infinite if no segment has more than one part. */
  readonly shortestSeconds: number;
}

export const NO_PARTS: PartLengths = { longestSeconds: 0, shortestSeconds: Number.POSITIVE_INFINITY };

/** The part lengths of some runs and one more. */
export function partLengthsWith(lengths: PartLengths, profile: LatencyProfile, run: RunFormat): PartLengths {
  const grid = cutGrid(profile, run);
  return {
    longestSeconds: Math.max(lengths.longestSeconds, partTargetSeconds(grid, run)),
    shortestSeconds: Math.min(lengths.shortestSeconds, shortestPartSeconds(grid, run)),
  };
}

/** Whether one PART-TARGET suits all the parts. Without parts in the playlists there is none. */
export function havePartTarget({ longestSeconds, shortestSeconds }: PartLengths, profile: LatencyProfile): boolean {
  return profile.partSeconds === null || shortestSeconds >= SHORTEST_PART_SHARE * longestSeconds;
}
