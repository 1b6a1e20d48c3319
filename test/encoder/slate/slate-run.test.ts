import { jest } from '@jest/globals';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { FrameRate, MediaRun, VideoRendition } from '#encoder/media/media-run.ts';
import { type Box, BoxStream } from '#encoder/package/box-stream.ts';
import { parseFragment, type Sample } from '#encoder/package/fragment.ts';
import type { EncodedSlate } from '#encoder/slate/encoded-slate.ts';
import { SlateRun } from '#encoder/slate/slate-run.ts';

const STARTS_AT_MS = Date.UTC(2026, 0, 1);
const DEFAULTS = { durationTicks: 0, sizeBytes: 0, flags: 0 };
const EPOCH = 7;

interface Put {
  readonly atMs: number;
  readonly samples: readonly Sample[];
}

let run: SlateRun;
let begun: MediaRun;
let put: Map<string, Put[]>;
let ends: number;

beforeEach(() => {
  jest.useFakeTimers({ now: STARTS_AT_MS });
  put = new Map();
  ends = 0;
});
afterEach(() => {
  run.end(null);
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const frame = (isSync: boolean, durationTicks: number): Sample => ({
  ...{ decodeTicks: 0, durationTicks, compositionOffsetTicks: 0, isSync, data: Buffer.from([isSync ? 1 : 0]) },
});

/** A slate with a picture size for each frame step. */
function slateOf(latency: LatencyName, frameRate: FrameRate, keyframeFrames: number, steps: readonly number[]) {
  const video: VideoRendition[] = steps.map((frameStep, index) => ({
    ...{ name: `${(steps.length - index) * 360}p`, width: 640, height: 360, videoKbps: 600, frameStep },
  }));
  const audio = { sampleRateHz: 48_000, channels: 2, audioKbps: 128 } as const;
  const timescale = frameRate.numerator;
  const header = Buffer.alloc(0);
  const slate: EncodedSlate = {
    plan: { latency, video, frameRate, keyframeFrames, audio },
    renditions: [
      ...video.map(({ name, frameStep = 1 }) => {
        const frameTicks = frameRate.denominator * frameStep;
        const frames = Array.from({ length: keyframeFrames / frameStep }, (_, index) => frame(index === 0, frameTicks));
        return { name, header, trackId: 1, timescale, frameTicks, frames };
      }),
      {
        ...{ name: 'audio', header, trackId: 1, timescale: 48_000, frameTicks: 1024 },
        frames: [frame(true, 1024)],
      },
    ],
  };
  return slate;
}

function begin(slate: EncodedSlate, startsAtMs = STARTS_AT_MS): void {
  run = new SlateRun({
    ...{ slate, epoch: EPOCH, startsAtMs, now: Date.now, steadyNow: () => performance.now() },
    beginRun: (media) => {
      begun = media;
      return {
        write: (rendition, chunk) => {
          const samples = samplesIn(chunk);
          const puts = put.get(rendition) ?? [];
          put.set(rendition, samples.length === 0 ? puts : [...puts, { atMs: Date.now() - STARTS_AT_MS, samples }]);
          return samples.length;
        },
        end: () => {
          ends++;
          return 0;
        },
      };
    },
    onFailed: (error) => {
      throw error;
    },
  });
}

function samplesIn(chunk: Buffer): Sample[] {
  const boxes = new BoxStream().push(chunk);
  const ofType = (type: string): Box | undefined => boxes.find((box) => box.type === type);
  const [moof, mdat] = [ofType('moof'), ofType('mdat')];
  return moof === undefined || mdat === undefined ? [] : parseFragment(moof, mdat, DEFAULTS);
}

const putOf = (name: string): Put[] => put.get(name) ?? [];
const samplesOf = (name: string): Sample[] => putOf(name).flatMap(({ samples }) => samples);
const ntsc: FrameRate = { numerator: 30_000, denominator: 1001 };
const pal: FrameRate = { numerator: 25, denominator: 1 };

test('each part is put out at its end, and never before', () => {
  begin(slateOf('low', pal, 50, [1]));
  expect(putOf('360p')).toEqual([]);
  jest.advanceTimersByTime(2_100);
  // A part of 13 frames, three times, and the rest of 50.
  expect(putOf('360p').map(({ atMs, samples }) => [atMs, samples.length])).toEqual([
    [520, 13],
    [1040, 13],
    [1560, 13],
    [2000, 11],
  ]);
  expect(begun.epoch).toBe(EPOCH);
  expect(begun.wallClockMs(1)).toBe(STARTS_AT_MS);
  expect(run.endsAtMs).toBe(STARTS_AT_MS + 2000);
});

test('a slate whose date is yet to come, because the media before it is ahead of the clock, begins at once', () => {
  begin(slateOf('low', pal, 50, [1]), STARTS_AT_MS + 2_000);
  jest.advanceTimersByTime(600);
  expect(putOf('360p').map(({ atMs }) => atMs)).toEqual([520]);
  expect(run.endsAtMs).toBe(STARTS_AT_MS + 2_520);
});

test('frames follow each other without a gap, a keyframe begins each GOP, and sound ends with the picture', () => {
  begin(slateOf('ultra', ntsc, 30, [1, 2]));
  jest.advanceTimersByTime(30 * 60_000);
  for (const [name, ticksPerSecond, ticks] of [
    ['720p', 30_000, 1001],
    ['360p', 30_000, 2002],
    ['audio', 48_000, 1024],
  ] as const) {
    const samples = samplesOf(name);
    expect(samples.every(({ decodeTicks }, index) => decodeTicks === ticksPerSecond + index * ticks)).toBe(true);
  }
  const gop = samplesOf('720p').flatMap(({ isSync }, index) => (isSync ? [index] : []));
  expect(gop.every((first, index) => first === index * 30)).toBe(true);
  const endSeconds = (name: string, ticks: number, timescale: number) => (samplesOf(name).length * ticks) / timescale;
  const videoSeconds = endSeconds('720p', 1001, 30_000);
  expect(endSeconds('360p', 2002, 30_000)).toBeCloseTo(videoSeconds, 6);
  expect(Math.abs(endSeconds('audio', 1024, 48_000) - videoSeconds)).toBeLessThan(0.011);
});

test('what is due when it begins is put out at once', () => {
  begin(slateOf('ultra', pal, 25, [1]), STARTS_AT_MS - 500);
  expect(putOf('360p').map(({ samples }) => samples.length)).toEqual([5, 5]);
});

test('it ends at the moment that is asked for, with a part that is shorter', () => {
  begin(slateOf('low', pal, 50, [1]));
  jest.advanceTimersByTime(800);
  run.end(STARTS_AT_MS + 790);
  expect(putOf('360p').map(({ samples }) => samples.length)).toEqual([13, 6]);
  expect(run.endsAtMs).toBe(STARTS_AT_MS + 760);
  expect(ends).toBe(1);
  jest.advanceTimersByTime(5_000);
  expect(putOf('360p')).toHaveLength(2);
});

test('it ends where it is if it has gone on for longer, or if the last part would be too short for sound', () => {
  begin(slateOf('low', pal, 50, [1]));
  jest.advanceTimersByTime(570);
  run.end(STARTS_AT_MS + 560);
  expect(run.endsAtMs).toBe(STARTS_AT_MS + 520);
  begin(slateOf('low', pal, 50, [1]), STARTS_AT_MS);
  run.end(STARTS_AT_MS + 100);
  expect(run.endsAtMs).toBe(STARTS_AT_MS + 520);
});

test('a clock that is set while it runs changes nothing', () => {
  begin(slateOf('ultra', pal, 25, [1]));
  jest.setSystemTime(STARTS_AT_MS + 3_600_000);
  jest.advanceTimersByTime(1_000);
  expect(putOf('360p')).toHaveLength(5);
});
