import type { LatencyProfile } from '#domain/latency-profiles.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import type { EncoderRun } from '#encoder/media/encoder-run.ts';

/** Where a run's renditions are cut: exact lengths, a whole number of frames each. */
export interface CutGrid {
  readonly partSeconds: number;
  readonly segmentSeconds: number;
  /** A segment's last part may be shorter than the others (RFC 8216bis 4.4.4.9). */
  readonly partsPerSegment: number;
  /** Frames of the rendition that sets the grid: video, or audio where there is no video. */
  readonly partFrames: number;
  readonly segmentFrames: number;
}

/** EXTINF rounds to at most TARGETDURATION, also where the audio beside video is a frame longer (RFC 8216bis 4.4.3.1). */
const MAX_EXCESS_SECONDS = 0.45;
/** Keeps a length that is itself a whole number of frames from gaining one by rounding. */
const EPSILON = 1e-9;

/** The grid of a run: the profile's durations in whole frames. */
export function cutGrid(profile: LatencyProfile, run: EncoderRun): CutGrid {
  const frameSeconds = leadingFrameSeconds(run);
  // Rounded up: shorter parts could make the audio's shortest fall below 85 % of its longest (RFC 8216bis 4.4.3.7).
  const wantedPartFrames =
    profile.partSeconds === null ? null : Math.ceil(profile.partSeconds / frameSeconds - EPSILON);
  const segmentFrames =
    run.keyframeFrames === null
      ? audioSegmentFrames(profile, frameSeconds, wantedPartFrames ?? 1)
      : videoSegmentFrames(profile, frameSeconds, run.keyframeFrames);
  const partFrames = Math.min(wantedPartFrames ?? segmentFrames, segmentFrames);
  return {
    partFrames,
    segmentFrames,
    partSeconds: partFrames * frameSeconds,
    segmentSeconds: segmentFrames * frameSeconds,
    partsPerSegment: Math.ceil(segmentFrames / partFrames),
  };
}

function leadingFrameSeconds(run: EncoderRun): number {
  if (run.frameRate !== null) return run.frameRate.denominator / run.frameRate.numerator;
  if (run.audio !== null) return AAC_FRAME_SAMPLES / run.audio.sampleRateHz;
  throw new Error('a run has neither video nor audio');
}

/** Whole parts: audio can be cut anywhere, so a short last part would cost viewers a request for nothing. */
function audioSegmentFrames(profile: LatencyProfile, frameSeconds: number, partFrames: number): number {
  return partFrames * Math.round(profile.segmentSeconds / (partFrames * frameSeconds));
}

/** Whole groups of pictures; fewer than the profile's where a very low frame rate makes them long. */
function videoSegmentFrames(profile: LatencyProfile, frameSeconds: number, keyframeFrames: number): number {
  const fitting = Math.floor((profile.segmentSeconds + MAX_EXCESS_SECONDS) / (keyframeFrames * frameSeconds));
  return keyframeFrames * Math.max(1, Math.min(fitting, Math.round(profile.segmentSeconds / profile.keyframeSeconds)));
}

/**
 * The longest part that any rendition of a run can have: EXT-X-PART-INF's PART-TARGET. Audio parts end at the audio frame
 * nearest to the video's cut, so they may be up to one frame longer than the video's.
 */
export function partTargetSeconds(grid: CutGrid, run: EncoderRun): number {
  if (run.audio === null) return grid.partSeconds;
  const audioFrameSeconds = AAC_FRAME_SAMPLES / run.audio.sampleRateHz;
  const longestAudioPart = Math.ceil(grid.partSeconds / audioFrameSeconds - EPSILON) * audioFrameSeconds;
  return Math.max(grid.partSeconds, longestAudioPart);
}

/**
 * The shortest part that any rendition of a run can have but at a segment's end, where any length will do (RFC 8216bis
 * 4.4.3.7); infinite where a segment is one part.
 */
export function shortestPartSeconds(grid: CutGrid, run: EncoderRun): number {
  if (grid.partsPerSegment === 1) return Number.POSITIVE_INFINITY;
  if (run.audio === null) return grid.partSeconds;
  const audioFrameSeconds = AAC_FRAME_SAMPLES / run.audio.sampleRateHz;
  // Where a cut lies half-way between two frames, rounding decides.
  return Math.floor(grid.partSeconds / audioFrameSeconds - EPSILON) * audioFrameSeconds;
}

/** Start of part `part` of segment `segment`, in seconds after the run's first cut. */
export function cutSeconds(grid: CutGrid, segment: number, part: number): number {
  return segment * grid.segmentSeconds + part * grid.partSeconds;
}
