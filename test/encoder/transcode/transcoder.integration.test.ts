import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { framesPerSecond } from '#encoder/media/media-run.ts';
import { videoTimescale } from '#encoder/transcode/frame-rates.ts';
import { decodeBrightness, type ProbedFile, probeTrack } from './media-probe.ts';
import { FLASH, makeSourceTags, type SourceClip } from './source-clip.ts';
import {
  framesOf,
  outputOf,
  type RecordedRun,
  startSession,
  stopSessions,
  type TranscodeSessionOptions,
} from './transcode-session.ts';
import { beepSeconds, flashSeconds, transcodeTags } from './transcoded-tags.ts';

const STEREO = { sampleRateHz: 48_000, channels: 2 } as const;
const AAC_PRIMING_SAMPLES = 1024;

afterEach(stopSessions);

const transcode = async (clip: SourceClip, options?: TranscodeSessionOptions): Promise<RecordedRun> =>
  transcodeTags(await makeSourceTags(clip), clip.seconds, options);

const probeVideo = (recorded: RecordedRun): Promise<ProbedFile[]> =>
  Promise.all(recorded.run.video.map(({ name }) => probeTrack(outputOf(recorded, name))));
const probeAudio = (recorded: RecordedRun): Promise<ProbedFile> => probeTrack(outputOf(recorded, 'audio'));

test.each([
  ['24000/1001', 24_000 / 1001],
  ['24', 24],
  ['25', 25],
  ['30000/1001', 30_000 / 1001],
  ['30', 30],
  ['50', 50],
  ['60000/1001', 60_000 / 1001],
  ['60', 60],
  ['120', 60],
])(
  '%s frames a second: all renditions have the same frames, whole ticks apart, with IDR frames at a fixed distance',
  async (frameRate, expected) => {
    const seconds = 2.5;
    const recorded = await transcode(
      { seconds, video: { width: 640, height: 480, frameRate }, audio: null },
      { latency: 'ultra' },
    );
    const [first, ...others] = await probeVideo(recorded);
    const rate = recorded.run.frameRate;
    if (first === undefined || rate === null) throw new Error('no video');
    expect(framesPerSecond(rate)).toBeCloseTo(expected, 6);
    expect(first.timescale).toBe(videoTimescale(rate));
    expect(Math.abs(first.packets.length - seconds * expected)).toBeLessThanOrEqual(2);
    for (const [index, packet] of first.packets.entries()) {
      expect(packet.pts).toBeCloseTo(1 + index / expected, 6);
      expect(packet.isKeyframe).toBe(index % Math.round(LATENCY_PROFILES.ultra.keyframeSeconds * expected) === 0);
    }
    expect(others).toHaveLength(1);
    for (const other of others) expect(other.packets).toEqual(first.packets);
  },
);

test.each([
  ['portrait', 480, 640, ['480x640', '360x480']],
  ['odd sides', 641, 481, ['640x480', '480x360']],
  ['below the lowest rung', 322, 182, ['322x182']],
])('%s: the picture has the planned size', async (_name, width, height, sizes) => {
  const pixelFormat = width % 2 === 1 ? 'yuv444p' : 'yuv420p';
  const video = { width, height, frameRate: '25', pixelFormat };
  const recorded = await transcode({ seconds: 1, video, audio: null });
  const tracks = await probeVideo(recorded);
  expect(tracks.map((track) => `${track.width}x${track.height}`)).toEqual(sizes);
  expect(recorded.run.video.map((rendition) => `${rendition.width}x${rendition.height}`)).toEqual(sizes);
});

test.each([
  [44_100, 1, 44_100, 1],
  [44_100, 2, 44_100, 2],
  [48_000, 1, 48_000, 1],
  [22_050, 2, 48_000, 2],
] as const)('audio alone at %d Hz with %d channels', async (sampleRateHz, channels, keptHz, keptChannels) => {
  const recorded = await transcode({ seconds: 2, video: null, audio: { sampleRateHz, channels } });
  const track = await probeAudio(recorded);
  expect([track.sampleRateHz, track.channels]).toEqual([keptHz, keptChannels]);
  for (const [index, { pts }] of track.packets.entries()) {
    expect(pts).toBeCloseTo(1 + (index * 1024 - AAC_PRIMING_SAMPLES) / keptHz, 6);
  }
  expect(recorded.run).toMatchObject({ video: [], frameRate: null, keyframeFrames: null });
});

test.each([
  ['low', 0],
  ['low', 2],
  ['standard', 2],
] as const)('%s, %d B-frames in the source: flash and beep are in sync', async (latency, bFrames) => {
  const video = { width: 640, height: 360, frameRate: '30', drawing: FLASH, bFrames };
  const recorded = await transcode({ seconds: 3, video, audio: STEREO }, { latency });
  const flashes = await flashSeconds(recorded, '360p');
  const beeps = await beepSeconds(recorded);
  expect(flashes.length).toBeGreaterThanOrEqual(2);
  expect(beeps).toHaveLength(flashes.length);
  for (const [index, flash] of flashes.entries())
    expect(Math.abs(flash - (beeps[index] ?? Number.NaN))).toBeLessThan(0.05);
});

test('every frame of every rendition decodes, and the wall clock is that of the first frame', async () => {
  const startedAtMs = Date.now();
  const recorded = await transcode({ seconds: 2, video: { width: 854, height: 480, frameRate: '30' }, audio: STEREO });
  const [first] = await probeVideo(recorded);
  for (const { name } of recorded.run.video) {
    expect(await decodeBrightness(outputOf(recorded, name))).toHaveLength(first?.packets.length ?? Number.NaN);
  }
  // The clip came in a burst. Its last frame was ingested then, and its first one as much earlier as the clip is long.
  const firstFrameMs = recorded.run.wallClockMs(1);
  expect(recorded.run.wallClockMs(3) - firstFrameMs).toBeCloseTo(2000, 6);
  expect(firstFrameMs).toBeGreaterThan(startedAtMs - 2100);
  expect(firstFrameMs).toBeLessThan(Date.now());
});

test('a gap in the audio becomes silence, so that audio stays as long as video', async () => {
  const clip = { seconds: 3, video: { width: 320, height: 180, frameRate: '25' }, audio: STEREO };
  const tags = await makeSourceTags(clip);
  const session = startSession();
  session.burst(
    tags.filter((tag) => tag.type !== 8 || tag.payload[1] === 0 || tag.timestampMs < 1000 || tag.timestampMs > 2000),
  );
  await session.until(() => framesOf(session.runs[0], 'audio') >= 115 && framesOf(session.runs[0], '360p') >= 60);
  await session.transcoder.stop();
  const [recorded] = session.runs;
  if (recorded === undefined) throw new Error('no run was begun');
  const { packets } = await probeAudio(recorded);
  const distances = packets.slice(1).map(({ pts }, index) => pts - (packets[index]?.pts ?? 0));
  for (const distance of distances) expect(distance).toBeCloseTo(1024 / 48_000, 6);
});

test('health reports what the source is and how it arrives', async () => {
  const clip = { seconds: 4, video: { width: 320, height: 180, frameRate: '25' }, audio: STEREO };
  const session = startSession({ ladder: '360p' });
  expect(session.transcoder.health()).toEqual({
    ...{ inputKbps: 0, frameRate: null, width: null, height: null, videoCodec: null, audioCodec: null },
    ...{ keyframeIntervalSeconds: null, droppedFrames: 0, encoderSpeed: null, audioLevelDb: null, warnings: [] },
  });
  const paced = session.pace(await makeSourceTags(clip));
  // A tone of 0.8 of full scale for a tenth of each second is at -15 dB, and FFmpeg takes 3 dB off as it makes two channels of one.
  // Whole seconds have a whole tone, wherever they begin. The first one may not.
  await session.until(() => Math.abs((session.transcoder.health().audioLevelDb ?? 0) + 18) < 0.5);
  const health = session.transcoder.health();
  await paced;
  await session.transcoder.stop();
  expect(health).toMatchObject({ width: 320, height: 180, videoCodec: 'h264', audioCodec: 'aac' });
  expect(health).toMatchObject({ keyframeIntervalSeconds: 1, droppedFrames: 0, warnings: [] });
  expect(health.frameRate).toBeGreaterThan(15);
  expect(health.inputKbps).toBeGreaterThan(50);
});
