import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchBrowser } from '#kit/browser.ts';
import { takePresentedFrames, watchPresentedFrames } from '#kit/frame-counter.ts';
import { PlaylistPoller } from '#kit/playlist-poller.ts';
import type { ReturningPublisher } from '#kit/returning-publisher.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext } from '../bench-context.ts';
import { longestStallMs } from '../latency-summary.ts';
import { type ClusterStream, STREAM_FILES, startClusterStream } from './cluster-stream.ts';

/** How long the page is observed after a disturbance. */
const WATCHED_MS = 12_000;
/** A page that shows nothing new within this time at the end has stopped. */
const STOPPED_MS = 3_000;
const FIRST_PICTURE_MS = 30_000;

/** A live stream that a page plays, and of which all tasks are asked for everything but media all the time. */
export interface WatchedStream {
  readonly stream: ClusterStream;
  readonly publisher: ReturningPublisher;
  readonly page: Page;
  readonly witness: StreamWitness;
  readonly poller: PlaylistPoller;
}

/** Starts it. It ends with the context. */
export async function startWatchedStream(context: BenchContext): Promise<WatchedStream> {
  const stream = await startClusterStream(context);
  const publisher = await stream.publish();
  const page = await openWatchPage(context, stream.watchUrl);
  const witness = new StreamWitness();
  const poller = new PlaylistPoller({ liveUrls: stream.liveUrls, files: STREAM_FILES, witness });
  context.defer(async () => poller.stop());
  return { stream, publisher, page, witness, poller };
}

/** Opens a page on a live stream and waits for the first picture. */
export async function openWatchPage(context: BenchContext, watchUrl: string): Promise<Page> {
  const browser = await launchBrowser();
  context.defer(() => browser.close());
  const page = await browser.newPage();
  await page.setViewportSize({ width: 320, height: 180 });
  await page.goto(watchUrl, { waitUntil: 'commit' });
  await watchPresentedFrames(page);
  const isShown = async (): Promise<boolean> => (await takePresentedFrames(page)).length > 0;
  await waitFor('a picture', isShown, { signal: context.signal, timeoutMs: FIRST_PICTURE_MS });
  return page;
}

/** What the page shows until some time after the disturbance. A page that was loaded again would have no recorder. */
export async function watchDisturbance(
  page: Page,
  disturb: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<{ readonly gapMs: number; readonly goesOn: boolean }> {
  await takePresentedFrames(page);
  const fromMs = Date.now();
  await disturb();
  await sleep(Math.max(0, fromMs + WATCHED_MS - Date.now()), undefined, { signal });
  const untilMs = Date.now();
  const frames = await takePresentedFrames(page);
  const lastAtMs = frames.at(-1)?.displayedAtMs ?? 0;
  return { gapMs: longestStallMs(frames, { fromMs, untilMs }), goesOn: untilMs - lastAtMs < STOPPED_MS };
}
