import { LATENCY_NAMES, LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import type { RunFormat } from '#encoder/media/media-run.ts';
import { cutGrid, partTargetSeconds, shortestPartSeconds } from '#encoder/package/cut-grid.ts';
import { fitsPartTarget, streamPartTargetSeconds } from '#encoder/package/part-target.ts';
import { planRenditions } from '#encoder/transcode/rendition-plan.ts';

const USUAL_RATES = [24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];
const ODD_RATES = [5, 7.5, 10, 12, 15, 20, 48];
const SAMPLE_RATES_HZ = [44_100, 48_000, null];

function formatOf(latency: LatencyName, framesPerSecond: number, sampleRateHz: number | null): RunFormat {
  const video = { codec: 'h264', width: 640, height: 360, frameRate: framesPerSecond } as const;
  const audio = sampleRateHz === null ? null : ({ codec: 'aac', sampleRateHz, channels: 2 } as const);
  return planRenditions({ video, audio }, '360p', latency);
}

/** The later rates that a stream which begins with `first` can't go on with, whatever the sound. */
function refusedAfter(latency: LatencyName, first: number, later: readonly number[]): number[] {
  const profile = LATENCY_PROFILES[latency];
  return later.filter((rate) =>
    SAMPLE_RATES_HZ.some((before) => {
      const target = streamPartTargetSeconds(profile, formatOf(latency, first, before));
      return SAMPLE_RATES_HZ.some((after) => !fitsPartTarget(profile, formatOf(latency, rate, after), target));
    }),
  );
}

describe.each(LATENCY_NAMES)('%s', (latency) => {
  test.each(USUAL_RATES)('a stream that begins with %d frames a second can go on with every usual rate', (first) => {
    expect(refusedAfter(latency, first, USUAL_RATES)).toEqual([]);
  });
});

test.each<[LatencyName, readonly number[]]>([
  ['ultra', [7.5, 12]],
  ['low', [5, 7.5]],
  ['standard', []],
])('%s: after 30 frames a second, these unusual rates need a new presentation: %j', (latency, refused) => {
  expect(refusedAfter(latency, 30, ODD_RATES)).toEqual(refused);
});

test.each<[LatencyName, number, number]>([
  ['ultra', 30, 10 * (1024 / 48_000)],
  ['low', 30, 24 * (1024 / 48_000)],
  ['low', 25, 25 * (1024 / 48_000)],
  ['standard', 30, 4],
])('%s at %d frames a second begins with a PART-TARGET of %d s', (latency, framesPerSecond, target) => {
  const format = formatOf(latency, framesPerSecond, 48_000);
  expect(streamPartTargetSeconds(LATENCY_PROFILES[latency], format)).toBeCloseTo(target, 9);
});

test('a run gets other parts if those of its profile do not suit the PART-TARGET', () => {
  const format = formatOf('low', 25, 48_000);
  const target = streamPartTargetSeconds(LATENCY_PROFILES.low, formatOf('low', 30, 48_000));
  expect(cutGrid(LATENCY_PROFILES.low, format)).toMatchObject({ partFrames: 13, partsPerSegment: 4 });
  const grid = cutGrid(LATENCY_PROFILES.low, format, { partTargetSeconds: target });
  expect(grid).toMatchObject({ partFrames: 12, partsPerSegment: 5, segmentSeconds: 2 });
  expect(partTargetSeconds(grid, format)).toBeLessThanOrEqual(target);
  expect(shortestPartSeconds(grid, format)).toBeGreaterThanOrEqual(0.85 * target);
});
