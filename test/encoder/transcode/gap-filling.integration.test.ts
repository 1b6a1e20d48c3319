import {
  AUDIO_TAG,
  type FlvTag,
  isAudioSequenceHeader,
  isVideoSequenceHeader,
  SCRIPT_TAG,
} from '#encoder/media/flv-tag.ts';
import { H264, makeFlvTags, testAudio, testVideo } from '../media/ffmpeg.ts';
import { decodeBrightness, probeTrack } from './media-probe.ts';
import { BRIGHTNESS_COUNTER, FLASH, makeSourceTags } from './source-clip.ts';
import { outputOf, type RecordedRun, startSession, stopSessions, type TranscodeSession } from './transcode-session.ts';
import { beepSeconds, flashSeconds } from './transcoded-tags.ts';

const SECONDS = 12;
const VIDEO = { width: 320, height: 180, frameRate: '25', drawing: FLASH, keyframeSeconds: 2 };
const AUDIO = { sampleRateHz: 48_000, channels: 2 } as const;

/** When pictures are missing, and the keyframe intervals of the clips in which they are. */
const PAUSE_SECONDS = { from: 2.5, until: 5.5 } as const;
const [MIDDLE_OF_GOP_SECONDS, AT_KEYFRAME_SECONDS] = [20, 4] as const;

let tags: readonly FlvTag[];
/** Clips whose picture pauses, by keyframe interval. */
const pausedPictures = new Map<number, readonly FlvTag[]>();
let camera: readonly FlvTag[];
let sound: readonly FlvTag[];

// All of them before the first test: making them would take the CPU of the tests.
beforeAll(async () => {
  tags = await makeSourceTags({ seconds: SECONDS, video: VIDEO, audio: AUDIO });
  for (const seconds of [MIDDLE_OF_GOP_SECONDS, AT_KEYFRAME_SECONDS])
    pausedPictures.set(seconds, await makePausedPicture(seconds));
  const insaneTiming = ['-bsf:v', 'h264_metadata=tick_rate=2000'];
  camera = (await makeFlvTags([...testVideo('160x90', '25', 3), ...H264, '-g', '250', ...insaneTiming])).filter(
    withoutMetadata,
  );
  sound = (await makeFlvTags([...testAudio(8), '-c:a', 'aac'])).filter(withoutMetadata);
});

function makePausedPicture(keyframeSeconds: number): Promise<FlvTag[]> {
  const { from, until } = PAUSE_SECONDS;
  const paused = `select='not(between(t,${from + 0.01},${until - 0.01}))'`;
  const keyframes = ['-g', '600', '-force_key_frames', `expr:gte(t,n_forced*${keyframeSeconds})`];
  return makeFlvTags([
    ...['-f', 'lavfi', '-i', `color=black:s=160x90:r=25:d=7.5,${BRIGHTNESS_COUNTER},${paused}`],
    ...testAudio(7.5),
    ...[...H264, '-fps_mode', 'passthrough', ...keyframes, '-c:a', 'aac'],
  ]);
}

// The tests run side by side, because most of the time they wait for real time.
afterAll(stopSessions);

const isHeader = (tag: FlvTag): boolean => isVideoSequenceHeader(tag) || isAudioSequenceHeader(tag);

/** The clip without one track between two moments. */
function without(type: FlvTag['type'], fromMs: number, untilMs: number): FlvTag[] {
  return tags.filter(
    (tag) => tag.type !== type || isHeader(tag) || tag.timestampMs < fromMs || tag.timestampMs >= untilMs,
  );
}

/** Publishes in real time, and ends. All of it must be one run. */
async function publish(sent: readonly FlvTag[], onTag?: (session: TranscodeSession) => void): Promise<RecordedRun> {
  const session = startSession({ ladder: '360p', latency: 'ultra' });
  await session.pace(sent, () => {
    onTag?.(session);
    return true;
  });
  await session.transcoder.stop();
  expect(session.fatal).toEqual([]);
  expect(session.runs).toHaveLength(1);
  const [recorded] = session.runs;
  if (recorded === undefined) throw new Error('there was no run');
  return recorded;
}

/** Flashes and beeps of the same moment come together. */
async function expectInStep(recorded: RecordedRun): Promise<void> {
  const [flashes, beeps] = await Promise.all([flashSeconds(recorded, '360p'), beepSeconds(recorded)]);
  const both = flashes.filter((flash) => beeps.some((beep) => Math.abs(beep - flash) < 0.5));
  expect(both.length).toBeGreaterThanOrEqual(5);
  for (const flash of both) {
    expect(Math.min(...beeps.map((beep) => Math.abs(beep - flash)))).toBeLessThan(0.05);
  }
}

test.concurrent('sound that stops for 4 s is silence for viewers, as soon as the picture goes on without it', async () => {
  let longestMs = 0;
  const recorded = await publish(without(AUDIO_TAG, 3000, 7000), ({ runs: [run] }) => {
    const framesAt = (name: string, perSecond: number): number => (run?.counters.get(name)?.frames ?? 0) / perSecond;
    if (framesAt('360p', 25) > 2)
      longestMs = Math.max(longestMs, framesAt('360p', 25) - framesAt('audio', 48_000 / 1024));
  });
  const audio = await probeTrack(outputOf(recorded, 'audio'));
  const distances = audio.packets.slice(1).map(({ pts }, index) => pts - (audio.packets[index]?.pts ?? 0));
  for (const distance of distances) expect(distance).toBeCloseTo(1024 / 48_000, 6);
  expect(audio.packets.length).toBeGreaterThan((SECONDS - 0.5) * (48_000 / 1024));
  const beeps = await beepSeconds(recorded);
  expect(beeps.map((beep) => Math.round(beep))).toEqual([2, 3, 8, 9, 10, 11, 12]);
  expect(longestMs).toBeLessThan(1.2);
  await expectInStep(recorded);
}, 40_000);

test.concurrent.each([
  ['in the middle of a GOP', MIDDLE_OF_GOP_SECONDS],
  ['at a keyframe', AT_KEYFRAME_SECONDS],
])(
  'a picture that comes back %s is whole, and until then the last keyframe is held',
  async (_name, keyframeSeconds) => {
    const sent = pausedPictures.get(keyframeSeconds) ?? [];
    let longestMs = 0;
    const recorded = await publish(sent, ({ runs: [run] }) => {
      const framesAt = (name: string, perSecond: number): number => (run?.counters.get(name)?.frames ?? 0) / perSecond;
      if (framesAt('360p', 25) > 2)
        longestMs = Math.max(longestMs, framesAt('audio', 44_100 / 1024) - framesAt('360p', 25));
    });
    expect(longestMs).toBeLessThan(1.2);
    const levels = await decodeBrightness(outputOf(recorded, '360p'));
    const numbers = levels.map((level) => (level * 219) / 255 + 16 - 20);
    expect(numbers.length).toBeGreaterThan(180);
    for (const [index, number] of numbers.entries()) {
      const isHeld = index > PAUSE_SECONDS.from * 25 && index < PAUSE_SECONDS.until * 25;
      if (!isHeld) expect(Math.abs(number - index)).toBeLessThan(3);
    }
  },
  40_000,
);

const withoutMetadata = (tag: FlvTag): boolean => tag.type !== SCRIPT_TAG;
const UPTIME_MS = 5_000_000;

test.concurrent.each([
  ['by the clock of the sound', (tag: FlvTag) => tag],
  ['by a clock of its own', (tag: FlvTag) => ({ ...tag, timestampMs: tag.timestampMs + UPTIME_MS })],
])(
  'a camera that is switched on 5 s after the sound, stamped %s, is joined',
  async (_name, stamp) => {
    const sent = [
      ...sound.map((tag) => ({ atMs: tag.timestampMs, tag })),
      ...camera.map((tag) => ({
        atMs: 5000 + tag.timestampMs,
        tag: stamp({ ...tag, timestampMs: 5000 + tag.timestampMs }),
      })),
    ].toSorted((a, b) => a.atMs - b.atMs);
    const session = startSession({ ladder: '360p', latency: 'ultra' });
    const startedAtMs = performance.now();
    for (const { atMs, tag } of sent) {
      const dueInMs = atMs - (performance.now() - startedAtMs);
      if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs));
      session.transcoder.onTag(tag, Date.now());
    }
    await session.transcoder.stop();
    expect(session.fatal).toEqual([]);
    expect(session.runs.map(({ run }) => run.video.length)).toEqual([0, 1]);
    const [soundOnly, both] = session.runs;
    if (soundOnly === undefined || both === undefined) throw new Error('there were not two runs');
    expect(both.run.frameRate).toEqual({ numerator: 25, denominator: 1 });
    const frames = (recorded: RecordedRun, name: string): number => recorded.counters.get(name)?.frames ?? 0;
    expect(frames(both, '360p')).toBeGreaterThan(60);
    // The first half second of sound shows that there is no picture. After it, the two runs have everything once.
    const soundFrames = frames(soundOnly, 'audio') + frames(both, 'audio');
    expect(soundFrames).toBeGreaterThan((7.45 * 44_100) / 1024);
    expect(soundFrames).toBeLessThan((7.65 * 44_100) / 1024);
  },
  40_000,
);
