import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { framesPerSecond } from '#encoder/media/media-run.ts';
import { videoTimescale } from '#encoder/transcode/frame-rates.ts';
import { decodeBrightness, decodeSound, type ProbedFile, probeTrack } from './media-probe.ts';
import { FLASH, makeSourceTags, type SourceClip } from './source-clip.ts';
import {
  framesOf,
  outputOf,
  type RecordedRun,
  startSession,
  stopSessions,
  type TranscodeSessionOptions,
} from './transcode-session.ts';

const STEREO = { sampleRateHz: 48_000, channels: 2 } as const;
const AAC_PRIMING_SAMPLES = 1024;
/** Frames that x264 holds back without zerolatency until the input ends. */
const LOOKAHEAD_FRAMES = 30;
/** Media in the last fragment, which FFmpeg holds back until the input ends. */
const FRAGMENT_SECONDS = 0.5;

afterEach(stopSessions);

/** Transcodes a whole clip as one run. */
async function transcode(clip: SourceClip, options: TranscodeSessionOptions = {}): Promise<RecordedRun> {
  const session = startSession(options);
  session.burst(await makeSourceTags(clip));
  const [recorded] = session.runs;
  if (recorded === undefined) throw new Error('no run was begun');
  const { frameRate, video, audio } = recorded.run;
  const frames =
    frameRate === null
      ? 0
      : Math.floor((clip.seconds - FRAGMENT_SECONDS) * framesPerSecond(frameRate)) -
        (options.latency === 'standard' ? LOOKAHEAD_FRAMES : 2);
  const packets = audio === null ? 0 : Math.floor(((clip.seconds - FRAGMENT_SECONDS) * audio.sampleRateHz) / 1024);
  await session.until(
    () => video.every(({ name }) => framesOf(recorded, name) >= frames) && framesOf(recorded, 'audio') >= packets,
  );
  await session.transcoder.stop();
  expect(session.fatal).toEqual([]);
  expect(session.runs).toHaveLength(1);
  expect(recorded.hasEnded).toBe(true);
  return recorded;
}

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
  const flashes = await flashSeconds(recorded);
  const beeps = await beepSeconds(recorded);
  expect(flashes.length).toBeGreaterThanOrEqual(2);
  expect(beeps).toHaveLength(flashes.length);
  for (const [index, flash] of flashes.entries())
    expect(Math.abs(flash - (beeps[index] ?? Number.NaN))).toBeLessThan(0.05);
});

/** When the picture turns white, in seconds of media time. Ignores a flash at the very start. */
async function flashSeconds(recorded: RecordedRun): Promise<number[]> {
  const output = outputOf(recorded, '360p');
  const [{ packets }, brightness] = await Promise.all([probeTrack(output), decodeBrightness(output)]);
  const isWhite = (index: number): boolean => (brightness[index] ?? 0) > 128;
  return packets.flatMap(({ pts }, index) => (index > 15 && isWhite(index) && !isWhite(index - 1) ? [pts] : []));
}

/** When sound starts after silence, in seconds of media time. Ignores a beep at the very start. */
async function beepSeconds(recorded: RecordedRun): Promise<number[]> {
  const output = outputOf(recorded, 'audio');
  const [{ packets, sampleRateHz }, samples] = await Promise.all([probeTrack(output), decodeSound(output)]);
  const firstPts = packets[0]?.pts ?? Number.NaN;
  const beeps: number[] = [];
  let lastLoud = Number.NEGATIVE_INFINITY;
  for (const [index, sample] of samples.entries()) {
    if (Math.abs(sample) < 0.2) continue;
    if (index - lastLoud > sampleRateHz / 2 && index > sampleRateHz / 2) beeps.push(firstPts + index / sampleRateHz);
    lastLoud = index;
  }
  return beeps;
}

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
  const clip = { seconds: 2, video: { width: 320, height: 180, frameRate: '25' }, audio: STEREO };
  const session = startSession({ ladder: '360p' });
  expect(session.transcoder.health()).toEqual({
    ...{ inputKbps: 0, frameRate: null, width: null, height: null, videoCodec: null, audioCodec: null },
    ...{ keyframeIntervalSeconds: null, droppedFrames: 0, encoderSpeed: null, warnings: [] },
  });
  await session.pace(await makeSourceTags(clip));
  const health = session.transcoder.health();
  await session.transcoder.stop();
  expect(health).toMatchObject({ width: 320, height: 180, videoCodec: 'h264', audioCodec: 'aac' });
  expect(health).toMatchObject({ keyframeIntervalSeconds: 1, droppedFrames: 0, warnings: [] });
  expect(health.frameRate).toBeGreaterThan(15);
  expect(health.inputKbps).toBeGreaterThan(50);
});
