import type { LadderName } from '#domain/ladders.ts';
import { LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import { framesPerSecond, renditionFrameRate } from '#encoder/media/media-run.ts';
import { cutGrid } from '#encoder/package/cut-grid.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { ffmpegArguments } from '#encoder/transcode/ffmpeg-arguments.ts';
import { planVCpus } from '#encoder/transcode/plan-cost.ts';
import { renditionLevels } from '#encoder/transcode/rendition-levels.ts';
import { planRenditions, type RenditionPlan } from '#encoder/transcode/rendition-plan.ts';

function levels(
  frameRate: number,
  ladder: LadderName = '720p',
  latency: LatencyName = 'low',
): readonly RenditionPlan[] {
  const video = { codec: 'h264', width: 3840, height: 2160, frameRate } as const;
  return renditionLevels(
    planRenditions({ video, audio: { codec: 'aac', sampleRateHz: 48_000, channels: 2 } }, ladder, latency),
  );
}

function names({ video, frameRate }: RenditionPlan): string {
  if (frameRate === null) return 'audio';
  const rate = (rendition: (typeof video)[number]): number => framesPerSecond(renditionFrameRate(frameRate, rendition));
  return video.map((rendition) => `${rendition.name}${Number(rate(rendition).toFixed(3))}`).join(' ');
}

test.each([
  [60, ['720p60 480p60 360p60', '720p30 480p60 360p60', '480p60 360p60', '480p30 360p60', '360p60', '360p30']],
  [30_000 / 1001, ['720p29.97 480p29.97 360p29.97', '720p14.985 480p29.97 360p29.97', '480p29.97 360p29.97']],
  [25, ['720p25 480p25 360p25', '720p12.5 480p25 360p25']],
  [24_000 / 1001, ['720p23.976 480p23.976 360p23.976', '720p11.988 480p23.976 360p23.976']],
])('at %f frames a second, the top loses half of its frames and then goes', (frameRate, expected) => {
  expect(levels(frameRate).map(names).slice(0, expected.length)).toEqual(expected);
  expect(levels(frameRate)).toHaveLength(6);
});

test('a rate of which half is too little loses renditions only', () => {
  expect(levels(15).map(names)).toEqual(['720p15 480p15 360p15', '480p15 360p15', '360p15']);
});

test('a GOP that can not be halved is kept', () => {
  expect(levels(25, '480p', 'ultra').map(names)).toEqual(['480p25 360p25', '360p25']);
});

test('codecs that only some players have go first, and what is left has as many levels as without them', () => {
  const source = { video: { codec: 'h264', width: 1280, height: 720, frameRate: 30 }, audio: null } as const;
  const full = planRenditions(source, '480p', 'low', ['h264', 'hevc']);
  const plain = renditionLevels(planRenditions(source, '480p', 'low'));
  const both = renditionLevels(full);
  expect(both[0]).toEqual(full);
  expect(both[1]?.video.map(({ name }) => name)).toEqual(['480p', '360p', '360p-hevc']);
  expect(both.slice(2)).toEqual(plain);
});

test('sound alone has one level', () => {
  const plan = planRenditions(
    { video: null, audio: { codec: 'aac', sampleRateHz: 48_000, channels: 2 } },
    '720p',
    'low',
  );
  expect(renditionLevels(plan)).toEqual([plan]);
});

test('half of 60 frames has the bitrate for 30', () => {
  expect(levels(60, '1080p').map(({ video }) => video[0]?.videoKbps)).toEqual([
    5000, 4000, 2500, 2500, 1000, 1000, 600, 600,
  ]);
});

test('each level costs less than the one before', () => {
  for (const ladder of ['360p', '720p', '2160p'] as const) {
    const costs = levels(60, ladder).map((plan) => planVCpus(plan, 'x64'));
    expect(costs).toEqual(costs.toSorted((a, b) => b - a));
    expect(new Set(costs).size).toBe(costs.length);
  }
});

describe.each<[LatencyName, number]>([
  ['ultra', 60],
  ['ultra', 50],
  ['ultra', 30],
  ['low', 60_000 / 1001],
  ['low', 50],
  ['low', 30],
  ['low', 25],
  ['low', 24],
  ['standard', 50],
  ['standard', 25],
])('%s at %f frames a second', (latency, frameRate) => {
  const all = levels(frameRate, '720p', latency);
  const halved = all[1];
  if (halved === undefined) throw new Error('there is no second level');

  test('players go on at every level', () => {
    const stream = new StreamPackage({ latency, firstMsn: 1 });
    for (const [epoch, plan] of [...all, ...all.toReversed()].entries()) {
      expect(stream.fits(plan)).toBe(true);
      stream.beginRun({ ...plan, epoch, wallClockMs: () => 0, absencesBy: () => 0 }).end();
    }
  });

  test('parts and segments are whole frames of every rendition, and fragments are as long as parts', () => {
    const grid = cutGrid(LATENCY_PROFILES[latency], halved);
    expect([grid.segmentFrames % 2, grid.partFrames % 2]).toEqual([0, 0]);
    const args = ffmpegArguments(halved, 1);
    const durations = args.flatMap((arg, index) => (arg === '-frag_duration' ? [Number(args[index + 1]) / 1e6] : []));
    const frameSeconds = 1 / framesPerSecond(halved.frameRate ?? { numerator: 0, denominator: 1 });
    const partSeconds = latency === 'standard' ? 0.52 : grid.partSeconds;
    // Half a frame less than the part, because the muxer compares when the next frame comes.
    for (const [index, step] of [2, 1, 1].entries()) {
      const seconds = (durations[index] ?? 0) + (step * frameSeconds) / 2;
      if (latency === 'standard') expect(seconds).toBeLessThanOrEqual(partSeconds + frameSeconds);
      else expect(seconds).toBeCloseTo(partSeconds, 5);
    }
  });
});
