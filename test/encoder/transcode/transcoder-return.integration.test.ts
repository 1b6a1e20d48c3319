import { once } from 'node:events';
import { type FlvTag, isVideoKeyframe } from '#encoder/media/flv-tag.ts';
import { waitFor } from '#kit/wait-for.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { decodeBrightness, probeTrack } from './media-probe.ts';
import { BRIGHTNESS_COUNTER, makeSourceTags } from './source-clip.ts';
import {
  framesOf,
  outputOf,
  startSession,
  stopSessions,
  type TranscodeSession,
  type TranscodeSessionOptions,
} from './transcode-session.ts';

const VIDEO = { width: 320, height: 180, frameRate: '25', drawing: BRIGHTNESS_COUNTER, keyframeSeconds: 1 };
const AUDIO = { sampleRateHz: 48_000, channels: 2 } as const;
const AWAY_MS = 4000;

let tags: readonly FlvTag[];

beforeAll(async () => {
  tags = await makeSourceTags({ seconds: 3, video: VIDEO, audio: AUDIO });
});

// The tests run side by side, because most of the time they wait for real time.
afterAll(stopSessions);

/** A session whose publisher has sent the clip and is away. */
async function startAndLeave(options: TranscodeSessionOptions = {}): Promise<TranscodeSession> {
  const session = startSession(options);
  await session.pace(tags);
  await session.until(() => framesOf(session.runs[0], '360p') > 50);
  session.transcoder.pause();
  return session;
}

test.concurrent('FFmpeg goes on with a publisher that comes back: nothing is lost, and its sound stays with its picture', async () => {
  const session = await startAndLeave();
  await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
  session.transcoder.resume();
  await session.pace(tags);
  await session.transcoder.stop();
  expect(session.processes).toHaveLength(1);
  expect(session.restarts).toEqual([]);
  const [only] = session.runs;
  if (only === undefined) throw new Error('there was no run');
  const numbers = (await decodeBrightness(outputOf(only, '360p'))).map((level) => (level * 219) / 255 + 16 - 20);
  // Two clips of 75 frames: all of the first, and all of the second after at most one repeated frame.
  expect(numbers.length).toBeGreaterThanOrEqual(150);
  expect(numbers.length).toBeLessThanOrEqual(152);
  expect(numbers.slice(70, 75).every((number) => number > 65)).toBe(true);
  expect(numbers.slice(77, 80).every((number) => number < 10)).toBe(true);
  expect(numbers.at(-1)).toBeGreaterThan(70);
  const audio = await probeTrack(outputOf(only, 'audio'));
  expect(audio.packets.at(-1)?.pts).toBeCloseTo(1 + numbers.length / 25, 0);
  // The viewers' clock has gone on meanwhile.
  const dateMs = [3, 6].map((mediaSeconds) => only.run.wallClockMs(mediaSeconds));
  expect((dateMs[1] ?? 0) - (dateMs[0] ?? 0) - 3000).toBeGreaterThan(AWAY_MS - 500);
  expect([3, 6].map((mediaSeconds) => only.run.absencesBy(mediaSeconds))).toEqual([0, 1]);
});

test.concurrent('a publisher that comes back in the middle of a GOP is shown from its next keyframe on', async () => {
  const session = await startAndLeave();
  session.transcoder.resume();
  const firstKeyframe = tags.findIndex(isVideoKeyframe);
  await session.pace(tags.filter((_, index) => index !== firstKeyframe));
  await session.transcoder.stop();
  expect(session.processes).toHaveLength(1);
  const [only] = session.runs;
  if (only === undefined) throw new Error('there was no run');
  const numbers = (await decodeBrightness(outputOf(only, '360p'))).map((level) => (level * 219) / 255 + 16 - 20);
  const afterReturn = numbers.slice(102);
  expect(Math.min(...afterReturn)).toBeGreaterThan(22);
  expect(session.errors).toEqual([]);
});

test.concurrent('another source gets another FFmpeg', async () => {
  const session = await startAndLeave();
  const larger = await makeSourceTags({ seconds: 3, video: { ...VIDEO, width: 640, height: 360 }, audio: AUDIO });
  session.transcoder.resume();
  await session.pace(larger);
  await session.until(() => framesOf(session.runs[1], '360p') > 25);
  expect(session.processes).toHaveLength(2);
});

test.concurrent('so does a source that lacks the sound', async () => {
  const session = await startAndLeave();
  session.transcoder.resume();
  await session.pace(await makeSourceTags({ seconds: 4, video: VIDEO, audio: null }));
  await session.until(() => framesOf(session.runs[1], '360p') > 10);
  expect(session.runs[1]?.run.audio).toBeNull();
});

test.concurrent('an FFmpeg that dies meanwhile is not replaced, since there is nothing to feed', async () => {
  const session = await startAndLeave();
  const [process] = session.processes;
  if (process === undefined) throw new Error('there was no FFmpeg');
  const exited = once(process, 'exit');
  process.kill('SIGKILL');
  await exited;
  await waitFor('the end of the run', () => !session.transcoder.canGoOn);
  await session.transcoder.stop();
  expect(session.processes).toHaveLength(1);
  expect(session.restarts).toEqual([]);
});

test.concurrent('a stream whose publisher is away takes none of the CPU that the others share', async () => {
  // Less than the session takes, and half of it is the share of each of two streams.
  const arbiter = testArbiter({ vCpus: 0.01, limits: { settleMs: 0 } });
  const steps: string[] = [];
  const other = {
    ...{ vCpus: 0.005, vCpusToStepUp: null, isSlow: true, fallingSpeed: null, overloadInMs: Number.POSITIVE_INFINITY },
    ...{ canStepDown: true, isSettling: false, measureAnew: () => undefined },
    step: (direction: string) => steps.push(direction),
  };
  arbiter.join(other);
  const session = await startAndLeave({ arbiter });
  arbiter.requestDown(other);
  expect(steps).toEqual(['down']);
  session.transcoder.resume();
  arbiter.requestDown(other);
  expect(steps).toEqual(['down']);
});
