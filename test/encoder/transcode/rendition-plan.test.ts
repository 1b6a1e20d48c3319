import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES, LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import { planRenditions } from '#encoder/transcode/rendition-plan.ts';

const source = (width: number, height: number, frameRate: number | null = 30): SourceDescription => ({
  video: { codec: 'h264', width, height, frameRate },
  audio: { codec: 'aac', sampleRateHz: 48_000, channels: 2 },
});

test.each([
  ['1920x1080', 1920, 1080, ['720p 1280x720', '480p 854x480', '360p 640x360']],
  ['1280x720', 1280, 720, ['720p 1280x720', '480p 854x480', '360p 640x360']],
  ['one line short of a rung', 1278, 719, ['480p 854x480', '360p 640x360']],
  ['4:3', 1440, 1080, ['720p 960x720', '480p 640x480', '360p 480x360']],
  ['portrait', 1080, 1920, ['720p 720x1280', '480p 480x854', '360p 360x640']],
  ['odd width', 1281, 720, ['720p 1280x720', '480p 854x480', '360p 640x360']],
  ['a pixel narrower than its rung', 853, 480, ['480p 852x480', '360p 640x360']],
  ['a pixel narrower, upright', 719, 1279, ['480p 480x854', '360p 360x640']],
  ['wide', 2560, 1080, ['720p 1706x720', '480p 1138x480', '360p 854x360']],
  ['square', 500, 500, ['480p 480x480', '360p 360x360']],
  ['exactly the lowest rung', 640, 360, ['360p 640x360']],
  ['below the lowest rung', 320, 240, ['360p 320x240']],
  ['below it and odd', 321, 241, ['360p 320x240']],
  ['one pixel', 1, 1, ['360p 2x2']],
])('720p ladder of %s', (_name, width, height, expected) => {
  const { video } = planRenditions(source(width, height), '720p', 'low');
  expect(video.map((rendition) => `${rendition.name} ${rendition.width}x${rendition.height}`)).toEqual(expected);
});

test('no rendition is larger than its source, and all sides are even', () => {
  for (let shortSide = 2; shortSide <= 1442; shortSide += 7) {
    for (const longSide of [shortSide, shortSide + 1, Math.round((shortSide * 16) / 9), 3 * shortSide - 1]) {
      for (const [width, height] of [[longSide, shortSide] as const, [shortSide, longSide] as const]) {
        const { video } = planRenditions(source(width, height), '1440p', 'low');
        const isLarger = video.some((made) => made.width > width || made.height > height);
        const isOdd = video.some((made) => made.width % 2 !== 0 || made.height % 2 !== 0);
        expect({ width, height, isLarger, isOdd }).toEqual({ width, height, isLarger: false, isOdd: false });
      }
    }
  }
});

test('each rung is there in every codec: H.264 first, and HEVC at 40 % less bitrate', () => {
  const plan = planRenditions(source(854, 480), '1080p', 'low', ['hevc', 'h264']);
  const { width, height } = plan.video[0] ?? {};
  expect(plan.video).toEqual([
    { name: '480p', width, height, videoKbps: 1000 },
    { name: '360p', width: 640, height: 360, videoKbps: 600 },
    { name: '480p-hevc', codec: 'hevc', width, height, videoKbps: 600 },
    { name: '360p-hevc', codec: 'hevc', width: 640, height: 360, videoKbps: 360 },
  ]);
  const names = planRenditions(source(640, 360), '360p', 'low', ['av1', 'hevc', 'h264']).video.map(({ name }) => name);
  expect(names).toEqual(['360p', '360p-hevc', '360p-av1']);
  expect(planRenditions(source(854, 480), '1080p', 'low', ['h264'])).toEqual(
    planRenditions(source(854, 480), '1080p', 'low'),
  );
});

test.each(LADDER_NAMES)(
  'ladder %s of a 2160p source starts with its own rung, with even sides and descending bitrates',
  (ladder) => {
    const { video } = planRenditions(source(3840, 2160), ladder, 'low');
    expect(video[0]?.name).toBe(ladder);
    expect(video.at(-1)?.name).toBe('360p');
    for (const { width, height } of video) expect([width % 2, height % 2]).toEqual([0, 0]);
    expect(video.map(({ videoKbps }) => videoKbps)).toEqual(
      video.map(({ videoKbps }) => videoKbps).toSorted((a, b) => b - a),
    );
  },
);

test.each([
  [25, 4000],
  [30, 4000],
  [50, 5000],
  [59.94, 5000],
  [120, 5000],
])('1080p at %d frames a second has %d kbit/s', (frameRate, videoKbps) => {
  expect(planRenditions(source(1920, 1080, frameRate), '1080p', 'low').video[0]?.videoKbps).toBe(videoKbps);
});

test.each(LATENCY_NAMES)('%s: the keyframe interval is a whole number of frames', (latency) => {
  const { keyframeSeconds } = LATENCY_PROFILES[latency];
  expect(planRenditions(source(640, 360, 30), '360p', latency).keyframeFrames).toBe(keyframeSeconds * 30);
  expect(planRenditions(source(640, 360, 29.97), '360p', latency).keyframeFrames).toBe(keyframeSeconds * 30);
  expect(planRenditions(source(640, 360, 12.5), '360p', latency).keyframeFrames).toBe(
    Math.round(keyframeSeconds * 12.5),
  );
  expect(planRenditions(source(640, 360, 240), '360p', latency).keyframeFrames).toBe(keyframeSeconds * 60);
});

test.each([
  [44_100, 1, 44_100, 1],
  [48_000, 2, 48_000, 2],
  [22_050, 2, 48_000, 2],
  [96_000, 6, 48_000, 2],
  [8000, 1, 48_000, 1],
])('audio of %d Hz and %d channels', (sampleRateHz, channels, keptHz, keptChannels) => {
  const plan = planRenditions({ video: null, audio: { codec: 'aac', sampleRateHz, channels } }, '720p', 'low');
  expect(plan.audio).toEqual({ sampleRateHz: keptHz, channels: keptChannels, audioKbps: 128 });
});

test('an audio-only source has no video, and a video-only source has no audio', () => {
  const audioOnly = planRenditions({ ...source(640, 360), video: null }, '1440p', 'low');
  expect(audioOnly).toMatchObject({ video: [], frameRate: null, keyframeFrames: null, audio: { audioKbps: 192 } });
  expect(planRenditions({ ...source(640, 360), audio: null }, '720p', 'low').audio).toBeNull();
});
