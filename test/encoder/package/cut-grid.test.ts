import { LATENCY_NAMES, LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import type { MediaRun } from '#encoder/media/media-run.ts';
import { cutGrid, partTargetSeconds, shortestPartSeconds } from '#encoder/package/cut-grid.ts';
import { planRenditions } from '#encoder/transcode/rendition-plan.ts';

const STANDARD_RATES = [24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];
/** Rates of screen shares and webcams. */
const ODD_RATES = [1, 1.25, 1.5, 1.76, 2.5, 3.3, 5.1, 6.7, 7.4, 7.49, 9.9, 10, 12, 12.49, 15, 20, 27.3, 31, 48, 59];

interface Source {
  readonly latency: LatencyName;
  readonly framesPerSecond: number | null;
  readonly sampleRateHz: number | null;
}

const SOURCES: Source[] = LATENCY_NAMES.flatMap((latency) =>
  [...STANDARD_RATES, ...ODD_RATES, null].flatMap((framesPerSecond) =>
    [44_100, 48_000, null]
      .filter((sampleRateHz) => framesPerSecond !== null || sampleRateHz !== null)
      .map((sampleRateHz) => ({ latency, framesPerSecond, sampleRateHz })),
  ),
);

function runOf({ latency, framesPerSecond, sampleRateHz }: Source): MediaRun {
  const video = { codec: 'h264', width: 640, height: 360, frameRate: framesPerSecond } as const;
  const audio = { codec: 'aac', sampleRateHz: sampleRateHz ?? 0, channels: 2 } as const;
  const source = { video: framesPerSecond === null ? null : video, audio: sampleRateHz === null ? null : audio };
  return { epoch: 1, ...planRenditions(source, '360p', latency), wallClockMs: () => 0, absencesBy: () => 0 };
}

/**
 * The lengths of two minutes of audio parts, except for each segment's last: whole frames that end nearest to the cuts.
 */
function audioPartSeconds(source: Source, sampleRateHz: number): number[] {
  const grid = cutGrid(LATENCY_PROFILES[source.latency], runOf(source));
  const frameSeconds = AAC_FRAME_SAMPLES / sampleRateHz;
  const lengths: number[] = [];
  for (let segment = 0; segment * grid.segmentSeconds < 120; segment++) {
    for (let part = 0; part + 1 < grid.partsPerSegment; part++) {
      const start = segment * grid.segmentSeconds + part * grid.partSeconds;
      const frames = Math.round((start + grid.partSeconds) / frameSeconds) - Math.round(start / frameSeconds);
      lengths.push(frames * frameSeconds);
    }
  }
  return lengths;
}

test.each(SOURCES)(
  '$latency, $framesPerSecond frames a second, $sampleRateHz Hz: parts and segments are within limits',
  (source) => {
    const profile = LATENCY_PROFILES[source.latency];
    const run = runOf(source);
    const grid = cutGrid(profile, run);
    const target = partTargetSeconds(grid, run);
    expect(Math.round(grid.segmentSeconds + 0.03)).toBeLessThanOrEqual(profile.segmentSeconds);
    expect(grid.segmentFrames % (run.keyframeFrames ?? 1)).toBe(0);
    expect(grid.partsPerSegment).toBe(Math.ceil(grid.segmentFrames / grid.partFrames));
    expect(grid.partSeconds).toBeLessThanOrEqual(target);
    if (grid.partsPerSegment === 1) return;
    const audioParts = source.sampleRateHz === null ? [] : audioPartSeconds(source, source.sampleRateHz);
    const parts = [grid.partSeconds, ...(run.frameRate === null ? [] : audioParts)];
    expect(Math.min(...parts)).toBeGreaterThanOrEqual(shortestPartSeconds(grid, run) - 1e-9);
    expect(Math.max(...parts)).toBeLessThanOrEqual(target + 1e-9);
    expect(Math.min(...parts)).toBeGreaterThanOrEqual(0.85 * target);
  },
);

test.each<[LatencyName, number | null, number, number, number, number]>([
  // latency, frames per second, frames per part, parts per segment, segment and part target in seconds (48 kHz audio)
  ['ultra', 24, 5, 5, 1, 10 * (1024 / 48_000)],
  ['ultra', 30, 6, 5, 1, 10 * (1024 / 48_000)],
  ['ultra', 60, 12, 5, 1, 10 * (1024 / 48_000)],
  ['low', 24_000 / 1001, 12, 4, 2.002, 24 * (1024 / 48_000)],
  ['low', 25, 13, 4, 2, 25 * (1024 / 48_000)],
  ['low', 30_000 / 1001, 15, 4, 2.002, 24 * (1024 / 48_000)],
  ['low', 30, 15, 4, 2, 24 * (1024 / 48_000)],
  ['standard', 30, 120, 1, 4, 188 * (1024 / 48_000)],
  ['ultra', null, 10, 5, 50 * (1024 / 48_000), 10 * (1024 / 48_000)],
  ['low', null, 24, 4, 96 * (1024 / 48_000), 24 * (1024 / 48_000)],
  ['standard', null, 188, 1, 188 * (1024 / 48_000), 188 * (1024 / 48_000)],
])('%s at %d frames a second', (latency, framesPerSecond, partFrames, partsPerSegment, segmentSeconds, target) => {
  const run = runOf({ latency, framesPerSecond, sampleRateHz: 48_000 });
  const grid = cutGrid(LATENCY_PROFILES[latency], run);
  expect(grid).toMatchObject({ partFrames, partsPerSegment, segmentSeconds: expect.closeTo(segmentSeconds, 9) });
  expect(partTargetSeconds(grid, run)).toBeCloseTo(target, 9);
});

test('without audio, the part target is the length of a video part', () => {
  const run = runOf({ latency: 'low', framesPerSecond: 30, sampleRateHz: null });
  expect(partTargetSeconds(cutGrid(LATENCY_PROFILES.low, run), run)).toBe(0.5);
});

test('a run with neither video nor audio throws', () => {
  const nothing: MediaRun = {
    epoch: 1,
    video: [],
    frameRate: null,
    keyframeFrames: null,
    audio: null,
    wallClockMs: () => 0,
    absencesBy: () => 0,
  };
  expect(() => cutGrid(LATENCY_PROFILES.low, nothing)).toThrow('neither video nor audio');
});
