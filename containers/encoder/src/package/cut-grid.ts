import type { LatencyProfile } from '#domain/latency-profiles.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import { frameStep, type RunFormat } from '#encoder/media/media-run.ts';

/** Where a run's renditions are cut. All lengths are exact and a whole number of frames. */
export interface CutGrid {
  readonly partSeconds: number;
  readonly segmentSeconds: number;
  /** A segment's last part may be shorter than the others (RFC 8216bis 4.4.4.9). */
  readonly partsPerSegment: number;
  /** In frames of what sets the grid: the run's video, or audio if there is no video. */
  readonly partFrames: number;
  readonly segmentFrames: number;
  /** The first segment may be a single part. */
  readonly firstSegmentFrames: number;
  readonly firstSegmentSeconds: number;
}

export interface CutGridOptions {
  /** The stream's PART-TARGET, which the parts shall suit. @default the run may choose it */
  readonly partTargetSeconds?: number | null;
  /** The first segment ends with its first part, so that there is a whole segment as soon as there is a part. @default false */
  readonly isShortAtFirst?: boolean;
}

/** No part but a segment's last may be shorter than this share of PART-TARGET (RFC 8216bis 4.4.3.7). */
const SHORTEST_PART_SHARE = 0.85;
/**
 * EXTINF must round to at most TARGETDURATION, even for audio that is a frame longer than video (RFC 8216bis 4.4.3.1).
 */
export const MAX_EXCESS_SECONDS = 0.45;
/** Without it, rounding could add a frame to a length that already is a whole number of frames. */
const EPSILON = 1e-9;

/**
 * The grid of a run: the profile's durations, rounded to whole frames of every rendition. Parts are as long as they can be
 * if those would not suit the stream's PART-TARGET. If none suits it, the profile decides; `suitsPartTarget` tells.
 */
export function cutGrid(profile: LatencyProfile, run: RunFormat, options: CutGridOptions = {}): CutGrid {
  const { partTargetSeconds: target = null, isShortAtFirst = false } = options;
  if (profile.partSeconds === null) return gridOf(profile, run, null, isShortAtFirst);
  const frameSeconds = leadingFrameSeconds(run);
  const step = longestFrameStep(run);
  // Rounded up: with shorter parts, the shortest audio part could be below 85 % of the longest (RFC 8216bis 4.4.3.7).
  const wanted = roundUp(Math.ceil(profile.partSeconds / frameSeconds - EPSILON), step);
  const grid = gridOf(profile, run, wanted, isShortAtFirst);
  if (target === null || suitsPartTarget(grid, run, target)) return grid;
  for (let frames = Math.floor(target / frameSeconds / step + EPSILON) * step; frames >= step; frames -= step) {
    const other = gridOf(profile, run, frames, isShortAtFirst);
    if (suitsPartTarget(other, run, target)) return other;
  }
  return grid;
}

/** Whether all parts that a grid can give may be in playlists with this PART-TARGET. */
export function suitsPartTarget(grid: CutGrid, run: RunFormat, targetSeconds: number): boolean {
  const isShortEnough = partTargetSeconds(grid, run) <= targetSeconds + EPSILON;
  return isShortEnough && shortestPartSeconds(grid, run) >= SHORTEST_PART_SHARE * targetSeconds;
}

/** `wantedPartFrames` is null without parts. */
function gridOf(
  profile: LatencyProfile,
  run: RunFormat,
  wantedPartFrames: number | null,
  isShortAtFirst: boolean,
): CutGrid {
  const frameSeconds = leadingFrameSeconds(run);
  const segmentFrames =
    run.keyframeFrames === null
      ? audioSegmentFrames(profile, frameSeconds, wantedPartFrames ?? 1)
      : videoSegmentFrames(profile, frameSeconds, run.keyframeFrames);
  const partFrames = Math.min(wantedPartFrames ?? segmentFrames, segmentFrames);
  const firstSegmentFrames = isShortAtFirst ? partFrames : segmentFrames;
  return {
    partFrames,
    segmentFrames,
    firstSegmentFrames,
    partSeconds: partFrames * frameSeconds,
    segmentSeconds: segmentFrames * frameSeconds,
    firstSegmentSeconds: firstSegmentFrames * frameSeconds,
    partsPerSegment: Math.ceil(segmentFrames / partFrames),
  };
}

function longestFrameStep({ video }: RunFormat): number {
  return Math.max(1, ...video.map(frameStep));
}

function roundUp(value: number, multipleOf: number): number {
  return Math.ceil(value / multipleOf) * multipleOf;
}

function leadingFrameSeconds(run: RunFormat): number {
  if (run.frameRate !== null) return run.frameRate.denominator / run.frameRate.numerator;
  if (run.audio !== null) return AAC_FRAME_SAMPLES / run.audio.sampleRateHz;
  throw new Error('a run has neither video nor audio');
}

/**
 * A whole number of parts: audio can be cut anywhere, and a short last part would cost viewers an unnecessary request.
 */
function audioSegmentFrames(profile: LatencyProfile, frameSeconds: number, partFrames: number): number {
  return partFrames * Math.round(profile.segmentSeconds / (partFrames * frameSeconds));
}

/** A whole number of GOPs. Fewer than the profile asks for if a very low frame rate makes them long. */
function videoSegmentFrames(profile: LatencyProfile, frameSeconds: number, keyframeFrames: number): number {
  const fitting = Math.floor((profile.segmentSeconds + MAX_EXCESS_SECONDS) / (keyframeFrames * frameSeconds));
  return keyframeFrames * Math.max(1, Math.min(fitting, Math.round(profile.segmentSeconds / profile.keyframeSeconds)));
}

/**
 * The longest part that any rendition of a run can have, for EXT-X-PART-INF's PART-TARGET. Audio parts end at the audio
 * frame nearest to the video's cut, so they may be up to one audio frame longer than video parts.
 */
export function partTargetSeconds(grid: CutGrid, run: RunFormat): number {
  if (run.audio === null) return grid.partSeconds;
  const audioFrameSeconds = AAC_FRAME_SAMPLES / run.audio.sampleRateHz;
  const longestAudioPart = Math.ceil(grid.partSeconds / audioFrameSeconds - EPSILON) * audioFrameSeconds;
  return Math.max(grid.partSeconds, longestAudioPart);
}

/**
 * The shortest part that any rendition of a run can have. Ignores the last part of each segment, which may have any
 * length (RFC 8216bis 4.4.3.7). Infinite if each segment is a single part.
 */
export function shortestPartSeconds(grid: CutGrid, run: RunFormat): number {
  if (grid.partsPerSegment === 1) return Number.POSITIVE_INFINITY;
  if (run.audio === null) return grid.partSeconds;
  const audioFrameSeconds = AAC_FRAME_SAMPLES / run.audio.sampleRateHz;
  // Rounding errors decide whether a run has an audio frame that begins half of its length before the video.
  return Math.floor(grid.partSeconds / audioFrameSeconds - EPSILON) * audioFrameSeconds;
}

/** How many frames of the grid a run's segment has. */
export function framesInSegment(grid: CutGrid, segment: number): number {
  return segment === 0 ? grid.firstSegmentFrames : grid.segmentFrames;
}

/** Start of part `part` of segment `segment`, in seconds since the run's first cut. */
export function cutSeconds(grid: CutGrid, segment: number, part: number): number {
  const segmentStart = segment === 0 ? 0 : grid.firstSegmentSeconds + (segment - 1) * grid.segmentSeconds;
  return segmentStart + part * grid.partSeconds;
}
