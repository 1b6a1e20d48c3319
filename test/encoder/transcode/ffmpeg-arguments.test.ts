import { LATENCY_NAMES, LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { renditionNames } from '#encoder/media/media-run.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import { ffmpegArguments, outputNames } from '#encoder/transcode/ffmpeg-arguments.ts';
import { planRenditions } from '#encoder/transcode/rendition-plan.ts';

const SOURCE: SourceDescription = {
  video: { codec: 'h264', width: 1280, height: 720, frameRate: 30 },
  audio: { codec: 'aac', sampleRateHz: 44_100, channels: 1 },
};

/** Values of an option, in order. */
function valuesOf(args: readonly string[], option: string): (string | undefined)[] {
  return args.flatMap((arg, index) => (arg === option ? [args[index + 1]] : []));
}

test('each rendition is scaled from the next larger one, and the first only if the source is larger', () => {
  const args = ffmpegArguments(planRenditions(SOURCE, '720p', 'low'), 1);
  expect(valuesOf(args, '-filter_complex')).toEqual([
    '[0:v:0]trim=start=1,setpts=PTS-1/TB,format=yuv420p,setsar=1,split=2[v0][s1];' +
      '[s1]scale=854:480,setsar=1,split=2[v1][s2];[s2]scale=640:360,setsar=1[v2]',
  ]);
  expect(valuesOf(args, '-map')).toEqual(['[v0]', '[v1]', '[v2]', '0:a:0']);
});

test('a rung in two codecs is scaled once', () => {
  const plan = planRenditions({ ...SOURCE, audio: null }, '480p', 'low', ['h264', 'hevc']);
  const args = ffmpegArguments(plan, 1, { partFrames: 14, firstSegmentFrames: 14 });
  expect(valuesOf(args, '-filter_complex')).toEqual([
    '[0:v:0]trim=start=1,setpts=PTS-1/TB,format=yuv420p,setsar=1,scale=854:480,setsar=1,split=3[v0][v2][s1];' +
      '[s1]scale=640:360,setsar=1,split=2[v1][v3]',
  ]);
  expect(valuesOf(args, '-map')).toEqual(['[v0]', '[v1]', '[v2]', '[v3]']);
  expect(valuesOf(args, '-c:v')).toEqual(['libx264', 'libx264', 'libx265', 'libx265']);
  expect(valuesOf(args, '-b:v')).toEqual(['1000k', '600k', '600k', '360k']);
  // Players of Apple's take no other tag, and what is forced must be an IDR frame in HEVC, too.
  expect(valuesOf(args, '-tag:v')).toEqual(['hvc1', 'hvc1']);
  expect(valuesOf(args, '-forced-idr')).toEqual(['1', '1']);
  expect(new Set(valuesOf(args, '-force_key_frames'))).toEqual(new Set(['expr:eq(n,14)']));
  expect(valuesOf(args, '-g')).toEqual(['60', '60', '60', '60']);
});

test('AV1 is encoded as it comes, at a constant bitrate', () => {
  const plan = planRenditions({ ...SOURCE, audio: null }, '360p', 'ultra', ['h264', 'av1']);
  const args = ffmpegArguments(plan, 1, { partFrames: 6, firstSegmentFrames: 6 });
  expect(valuesOf(args, '-c:v')).toEqual(['libx264', 'libaom-av1']);
  for (const option of ['-minrate', '-maxrate']) expect(valuesOf(args, option).at(-1)).toBe('360k');
  expect(valuesOf(args, '-lag-in-frames')).toEqual(['0']);
  expect(valuesOf(args, '-force_key_frames')).toEqual(['expr:eq(n,6)', 'expr:not(mod(n-6,30))']);
});

test('outputs are pipes from file descriptor 3 on, in the order of the rendition names, and the sound level comes last', () => {
  const plan = planRenditions(SOURCE, '720p', 'low');
  expect(renditionNames(plan)).toEqual(['720p', '480p', '360p', 'audio']);
  expect(ffmpegArguments(plan, 1).filter((arg) => arg.startsWith('pipe:'))).toEqual([
    'pipe:0',
    'pipe:3',
    'pipe:4',
    'pipe:5',
    'pipe:6',
  ]);
  expect(outputNames(plan)).toEqual(['720p', '480p', '360p', 'audio', 'sound-level']);
  expect(valuesOf(ffmpegArguments(plan, 1), '-af').join()).toContain('file=pipe\\\\:7:');
});

test.each(LATENCY_NAMES)('%s: no segment can exceed 1.25 times its nominal size', (latency) => {
  const args = ffmpegArguments(planRenditions(SOURCE, '720p', latency), 1);
  const kbit = (option: string): number[] => valuesOf(args, option).map((value) => Number.parseInt(value ?? '', 10));
  const { segmentSeconds } = LATENCY_PROFILES[latency];
  const peaks = kbit('-maxrate').map(
    (maxKbps, index) => maxKbps * segmentSeconds + (kbit('-bufsize')[index] ?? Number.NaN),
  );
  expect(peaks.map((peakKbit) => peakKbit / segmentSeconds)).toEqual([2500 * 1.25, 1000 * 1.25, 600 * 1.25]);
});

test('only the low-latency profiles use zerolatency', () => {
  const tunes = LATENCY_NAMES.map((latency) =>
    valuesOf(ffmpegArguments(planRenditions(SOURCE, '360p', latency), 1), '-tune'),
  );
  expect(tunes).toEqual([['zerolatency'], ['zerolatency'], []]);
});

test('audio alone has one output and no filter graph', () => {
  const plan = planRenditions({ ...SOURCE, video: null }, '720p', 'low');
  const args = ffmpegArguments(plan, 2.5);
  expect(renditionNames(plan)).toEqual(['audio']);
  expect(args).not.toContain('-filter_complex');
  expect(valuesOf(args, '-af').join()).toMatch(
    /^atrim=start=2.5,asetpts=PTS-2.5\/TB,aresample=44100:async=1:first_pts=0,asplit/,
  );
  expect(valuesOf(args, '-ac')).toEqual(['1']);
});

test('the first GOP and the fragments end where the packager cuts, in frames of each rendition', () => {
  const plan = planRenditions(SOURCE, '720p', 'low');
  const [top, ...others] = plan.video.map((rendition, index) =>
    index === 0 ? { ...rendition, frameStep: 2 } : rendition,
  );
  const halved = { ...plan, video: top === undefined ? [] : [top, ...others] };
  const args = ffmpegArguments(halved, 1, { partFrames: 16, firstSegmentFrames: 16 });
  expect(valuesOf(args, '-force_key_frames')).toEqual(['expr:eq(n,8)', 'expr:eq(n,16)', 'expr:eq(n,16)']);
  expect(valuesOf(args, '-frag_duration').slice(0, 2)).toEqual(['500000', '516667']);
});

test('no keyframe is forced if the first segment is as long as the others, or if nobody cuts', () => {
  const plan = planRenditions(SOURCE, '720p', 'low');
  expect(ffmpegArguments(plan, 1, { partFrames: 15, firstSegmentFrames: 60 })).not.toContain('-force_key_frames');
  expect(ffmpegArguments(plan, 1)).not.toContain('-force_key_frames');
});
