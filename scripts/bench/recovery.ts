import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchBrowser } from '#kit/browser.ts';
import { makeClip } from '#kit/clip.ts';
import { type PresentedFrame, takePresentedFrames, watchPresentedFrames } from '#kit/frame-counter.ts';
import { readDescendants } from '#kit/process-usage.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext, Benchmark, Figures } from './bench-context.ts';
import { longestStallMs, percentile } from './latency-summary.ts';
import { startHeadend } from './systems/headend.ts';

const TRIES = 3;
const START_TIMEOUT_SECONDS = 30;
const SETTLE_MS = 5_000;
/** How long the page is observed after a disturbance. */
const WATCHED_MS = 8_000;
/** Longer than any player's buffer, and shorter than the 10 s that a publisher has to come back. */
const AWAY_MS = 5_000;

/**
 * What a viewer in Chromium sees when FFmpeg is killed, and when the publisher is killed and comes back. The page is
 * never reloaded. Measured by the frame counter in the picture.
 */
export const recovery: Benchmark = {
  name: 'recovery',
  targets: { ffmpegKilledFreezeMaxMs: { atMost: 3_000 }, publisherBackMaxMs: { atMost: 3_000 } },
  run: async (context: BenchContext): Promise<Figures> => {
    const { page, encoderPid, publish } = await prepareViewer(context);
    const freezesMs: number[] = [];
    for (let attempt = 0; attempt < TRIES; attempt++)
      freezesMs.push(await killFfmpeg(page, encoderPid, context.signal));
    const returns: PublisherReturn[] = [];
    for (let attempt = 0; attempt < TRIES; attempt++) returns.push(await killPublisher(page, publish, context.signal));
    const backMs = returns.map((each) => each.backMs);
    return {
      ffmpegKilledFreezeP50Ms: percentile(freezesMs, 50),
      ffmpegKilledFreezeMaxMs: percentile(freezesMs, 100),
      publisherBackP50Ms: percentile(backMs, 50),
      publisherBackMaxMs: percentile(backMs, 100),
      freezeOnceBackMaxMs: Math.max(...returns.map((each) => each.freezeMs)),
      tries: TRIES,
    };
  },
};

/** Ends the current publisher, if any, and starts another one after a pause. */
type StartPublishing = (awayMs: number) => Promise<TestPublisher>;

/** Opens a page on a live stream and waits until playback has settled. */
async function prepareViewer(
  context: BenchContext,
): Promise<{ readonly page: Page; readonly encoderPid: number; readonly publish: StartPublishing }> {
  const clipPath = await makeClip();
  const running = await startHeadend(context, 'low');
  const browser = await launchBrowser();
  context.defer(() => browser.close());
  let publisher: TestPublisher | null = null;
  context.defer(async () => publisher?.kill());
  const publish: StartPublishing = async (awayMs) => {
    await publisher?.kill();
    await sleep(awayMs, undefined, { signal: context.signal });
    publisher = await startPublisher({ clipPath, rtmpUrl: running.publishUrl });
    return publisher;
  };
  const page = await browser.newPage();
  await publish(0);
  await page.goto(running.watchUrl, { waitUntil: 'commit' });
  await watchPresentedFrames(page);
  const isShown = async (): Promise<boolean> => (await takePresentedFrames(page)).length > 0;
  await waitFor('a picture', isShown, { signal: context.signal, timeoutMs: START_TIMEOUT_SECONDS * 1000 });
  await sleep(SETTLE_MS, undefined, { signal: context.signal });
  return { page, encoderPid: running.encoderPid, publish };
}

/** Kills FFmpeg. Resolves to the longest freeze after that, in milliseconds. */
async function killFfmpeg(page: Page, encoderPid: number, signal: AbortSignal): Promise<number> {
  const findFfmpeg = async (): Promise<number | null> =>
    (await readDescendants(encoderPid)).find(({ name }) => name === 'ffmpeg')?.pid ?? null;
  const pid = await waitFor('an FFmpeg to kill', findFfmpeg, { signal, timeoutMs: START_TIMEOUT_SECONDS * 1000 });
  await takePresentedFrames(page);
  const fromMs = Date.now();
  process.kill(pid, 'SIGKILL');
  await sleep(WATCHED_MS, undefined, { signal });
  const untilMs = Date.now();
  return longestStallMs(await takePresentedFrames(page), { fromMs, untilMs });
}

interface PublisherReturn {
  /** From the first packet of the returned publisher to its first frame on the screen. */
  readonly backMs: number;
  /** The longest freeze after that. */
  readonly freezeMs: number;
}

async function killPublisher(page: Page, publish: StartPublishing, signal: AbortSignal): Promise<PublisherReturn> {
  const publisher = await publish(AWAY_MS);
  await takePresentedFrames(page);
  const firstPacketAtMs = await publisher.firstPacketAtMs;
  if (firstPacketAtMs === null) throw new Error(`publish failed: ${(await publisher.exited).stderrTail}`);
  await sleep(WATCHED_MS, undefined, { signal });
  const untilMs = Date.now();
  const frames = await takePresentedFrames(page);
  const isNew = ({ frameNumber, displayedAtMs }: PresentedFrame): boolean =>
    frameNumber !== null && publisher.captureTimeMs(frameNumber, displayedAtMs) !== null;
  const fromMs = frames.find(isNew)?.displayedAtMs;
  if (fromMs === undefined) return { backMs: Number.POSITIVE_INFINITY, freezeMs: Number.POSITIVE_INFINITY };
  return { backMs: fromMs - firstPacketAtMs, freezeMs: longestStallMs(frames, { fromMs, untilMs }) };
}
