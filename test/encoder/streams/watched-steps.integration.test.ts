import type { Page } from 'playwright-core';
import type { EventBody } from '#domain/events.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { hlsErrors, openHlsJsPage } from '#kit/hls-js-page.ts';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { useLocalAws } from '#scripts/local/aws-environment.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { newStream, RunningTask } from '../cluster/running-task.ts';
import { slowFfmpeg } from '../transcode/slow-ffmpeg.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { leaveAll, publish } from './test-publish.ts';

const FRAME_RATE = 24;
/** The speed of an FFmpeg that has too much to do. */
const SLOW = 0.92;
/** The product's times would make the test take minutes. */
const LIMITS = { slowMs: 1000, roomMs: 1000, settleMs: 500 } as const;
/** Of a player that never waits, playing takes as long as the media lasts. */
const MAX_TIMES_AS_LONG = 1.25;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let browser: TestBrowser;
let clip: readonly FlvTag[];
let task: RunningTask;
const events: EventBody[] = [];

beforeAll(async () => {
  [database, browser, clip] = await Promise.all([
    startTemporaryDynamoDb(),
    launchBrowser(),
    makeSourceTags({
      seconds: 120,
      video: { width: 640, height: 480, frameRate: `${FRAME_RATE}`, keyframeSeconds: 1 },
      audio: { sampleRateHz: 48_000, channels: 2 },
    }),
  ]);
  useLocalAws(process.env, { dynamoDbUrl: database.url, lambdaUrl: database.url, cloudFrontUrl: database.url });
});

afterAll(async () => {
  leaveAll();
  await task.close();
  await browser.close();
  await database.close();
});

const isHalved = (args: readonly string[]): boolean => args.some((arg) => arg.includes('select='));
const videoOutputs = (args: readonly string[]): number => args.filter((arg) => arg === 'libx264').length;

/** Where playback is, how large the picture is, and how many frames were shown so far. */
const playback = (page: Page) =>
  page.evaluate(() => {
    const video = document.querySelector('video');
    const frames = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
    return { seconds: video?.currentTime ?? 0, height: video?.videoHeight ?? 0, frames };
  });

test('a viewer of the best rendition plays on while its frames halve, while it goes, and when both come back', async () => {
  const load = { halvedIsTooMuch: false, isGone: false, begins: false };
  const isTooMuch = (args: readonly string[]): boolean =>
    load.begins && !load.isGone && videoOutputs(args) > 1 && (load.halvedIsTooMuch || !isHalved(args));
  task = await RunningTask.start({
    taskId: 'task',
    emit: (event) => events.push(event),
    spawn: slowFfmpeg((args) => (isTooMuch(args) ? 1000 / FRAME_RATE / SLOW : 0)),
    arbiter: testArbiter({ limits: LIMITS, idleVCpus: () => (load.isGone ? 100 : 0) }),
  });
  const stream = { ...newStream('480p'), latency: 'low' } as const;
  const publisher = await publish(task.streams, 'a', stream);
  void publisher.send(clip);
  const liveUrl = `http://127.0.0.1:${task.origin.port}/live/${stream.playbackId}`;
  // hls.js reports an error for each playlist without a whole segment.
  await waitFor('a whole segment', async () =>
    (await (await fetch(`${liveUrl}/480p/media.m3u8`)).text()).includes('#EXTINF'),
  );
  const page = await openHlsJsPage(browser, `${liveUrl}/master.m3u8`);

  /** Resolves when the viewer has played two seconds of what comes after the next step. Returns their frames per second. */
  const afterStep = async (count: number, height: number): Promise<number> => {
    await waitFor(
      `step ${count}`,
      () => events.filter(({ type }) => type === 'stream.quality-changed').length === count,
    );
    const { seconds } = await playback(page);
    // The player has about as much media before the step.
    const start = await waitFor('media after the step', async () => {
      const now = await playback(page);
      return now.seconds > seconds + 3 && now.height === height && now;
    });
    const end = await waitFor('two seconds of it', async () => {
      const now = await playback(page);
      return now.seconds > start.seconds + 2 && now;
    });
    return (end.frames - start.frames) / (end.seconds - start.seconds);
  };
  const start = await waitFor('playback of the best rendition', async () => {
    const now = await playback(page);
    return now.seconds > 0 && now.height === 480 && now;
  });
  const startedAtMs = performance.now();

  load.begins = true;
  expect(await afterStep(1, 480)).toBeLessThan(0.75 * FRAME_RATE);
  load.halvedIsTooMuch = true;
  expect(await afterStep(2, 360)).toBeGreaterThan(0.75 * FRAME_RATE);
  load.isGone = true;
  await afterStep(4, 480);

  const playedMs = ((await playback(page)).seconds - start.seconds) * 1000;
  expect((performance.now() - startedAtMs) / playedMs).toBeLessThan(MAX_TIMES_AS_LONG);
  // A stall is no error if the picture goes on by itself.
  expect((await hlsErrors(page)).filter((error) => error !== 'bufferStalledError')).toEqual([]);
  expect(browser.consoleErrors).toEqual([]);
  const changes = events.filter(({ type }) => type !== 'stream.live');
  expect(changes).toMatchObject([
    { type: 'stream.quality-changed', direction: 'down' },
    { type: 'stream.quality-changed', direction: 'down' },
    { type: 'stream.quality-changed', direction: 'up' },
    { type: 'stream.quality-changed', direction: 'up' },
  ]);
});
