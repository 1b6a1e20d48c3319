import type { LatencyProfile } from '#domain/latency-profiles.ts';
import type { FrameRate, RunFormat } from '#encoder/media/media-run.ts';
import { cutGrid, partTargetSeconds, suitsPartTarget } from './cut-grid.ts';

/**
 * The usual rates but 25: its parts would make everybody's PART-TARGET, and so everybody's delay, longer. A stream that changes to
 * it gets shorter parts.
 */
const USUAL_FRAME_RATES: readonly FrameRate[] = [24, 30, 50, 60].flatMap((rate) => [
  { numerator: rate, denominator: 1 },
  { numerator: rate * 1000, denominator: 1001 },
]);
const USUAL_SAMPLE_RATES_HZ = [44_100, 48_000];

/**
 * The PART-TARGET of a stream that begins with this run, for all of its life (RFC 8216bis 6.2.1): long enough for the run and for the
 * usual formats, because the publisher may come back with another one. Without parts it means nothing but the longest wait.
 */
export function streamPartTargetSeconds(profile: LatencyProfile, run: RunFormat): number {
  if (profile.partSeconds === null) return profile.segmentSeconds;
  return Math.max(usualPartTargetSeconds(profile), partTargetSeconds(cutGrid(profile, run), run));
}

/** The longest part of the usual formats. */
export function usualPartTargetSeconds(profile: LatencyProfile): number {
  const formats = USUAL_FRAME_RATES.flatMap((frameRate) =>
    USUAL_SAMPLE_RATES_HZ.map((sampleRateHz): RunFormat => {
      const keyframeFrames = Math.round((profile.keyframeSeconds * frameRate.numerator) / frameRate.denominator);
      return { video: [], frameRate, keyframeFrames, audio: { sampleRateHz, channels: 2, audioKbps: 128 } };
    }),
  );
  return Math.max(...formats.map((format) => partTargetSeconds(cutGrid(profile, format), format)));
}

/** Whether a run can be cut into parts that may be in playlists with this PART-TARGET. */
export function fitsPartTarget(profile: LatencyProfile, run: RunFormat, targetSeconds: number): boolean {
  if (profile.partSeconds === null) return true;
  return suitsPartTarget(cutGrid(profile, run, { partTargetSeconds: targetSeconds }), run, targetSeconds);
}
