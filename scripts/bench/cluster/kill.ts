import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchBrowser } from '#kit/browser.ts';
import { findEncodingTask } from '#kit/encoder-processes.ts';
import { takePresentedFrames, watchPresentedFrames } from '#kit/frame-counter.ts';
import { PlaylistPoller } from '#kit/playlist-poller.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext, Benchmark, Figures } from '../bench-context.ts';
import { longestStallMs, percentile } from '../latency-summary.ts';
import { type ClusterStream, STREAM_FILES, startClusterStream } from './cluster-stream.ts';
import { reportFlaws } from './flaws.ts';

const TRIES = 10;
/** Time for the player to settle before each disturbance, and for the tasks to write down where the stream is. */
const SETTLE_MS = 6_000;
/** How long the page is observed after it. */
const WATCHED_MS = 12_000;
const POLL_MS = 20;
/** A page that shows nothing new within this time at the end has stopped. */
const STOPPED_MS = 3_000;
const FIRST_PICTURE_MS = 30_000;

interface KillFigures {
  /** The longest time without a new picture. */
  readonly gapMs: number;
  /** From the accepted publish to the first playlist with a part of it. */
  readonly platformMs: number | null;
  readonly goesOn: boolean;
}

/** The task that encodes is killed, and its publisher comes back as OBS does. A viewer watches in Chromium. */
export const clusterKill: Benchmark = {
  name: 'cluster/kill',
  targets: {
    lostViewers: { atMost: 0 },
    contradictions: { atMost: 0 },
    viewerGapP95Ms: { atMost: 5_000 },
    reconnectToPartMaxMs: { atMost: 1_500 },
  },
  run: async (context: BenchContext): Promise<Figures> => {
    const stream = await startClusterStream(context);
    const publisher = await stream.publish();
    const page = await openWatchPage(context, stream.watchUrl);
    const witness = new StreamWitness();
    const poller = new PlaylistPoller({ liveUrls: stream.liveUrls, files: STREAM_FILES, witness });
    context.defer(async () => poller.stop());
    const kills: KillFigures[] = [];
    for (let attempt = 0; attempt < TRIES; attempt++) {
      await sleep(SETTLE_MS, undefined, { signal: context.signal });
      kills.push(await killOwner(page, stream, { acceptedAtMs: () => publisher.acceptedAtMs }, context.signal));
    }
    poller.stop();
    const contradictions = witness.contradictionsBesidesLosses();
    reportFlaws('cluster/kill', contradictions);
    const gapsMs = kills.map(({ gapMs }) => gapMs);
    const platformMs = kills.map((kill) => kill.platformMs ?? Number.POSITIVE_INFINITY);
    return {
      kills: TRIES,
      lostViewers: kills.filter(({ goesOn }) => !goesOn).length,
      contradictions: contradictions.length,
      endLists: witness.hasEndList ? 1 : 0,
      viewerGapP50Ms: percentile(gapsMs, 50),
      viewerGapP95Ms: percentile(gapsMs, 95),
      reconnectToPartP50Ms: percentile(platformMs, 50),
      reconnectToPartMaxMs: percentile(platformMs, 100),
    };
  },
};

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

async function killOwner(
  page: Page,
  stream: ClusterStream,
  publisher: { acceptedAtMs(): readonly number[] },
  signal: AbortSignal,
): Promise<KillFigures> {
  const owner = await findEncodingTask(stream.platformPid);
  const [liveUrl = ''] = stream.liveUrls;
  const known = new Set(initSections(await (await fetch(`${liveUrl}/360p/media.m3u8`, { signal })).text()));
  const publishes = publisher.acceptedAtMs().length;
  let platformMs: number | null = null;
  const seen = await watchDisturbance(
    page,
    async () => {
      process.kill(owner.pid, 'SIGKILL');
      const partAtMs = await firstNewPart(`${liveUrl}/360p/media.m3u8`, known, signal);
      const acceptedAtMs = publisher.acceptedAtMs()[publishes];
      if (acceptedAtMs !== undefined) platformMs = Math.max(0, partAtMs - acceptedAtMs);
    },
    signal,
  );
  return { ...seen, platformMs };
}

/** When a playlist first has a part of a run that was not known, in milliseconds since 1970. */
function firstNewPart(url: string, known: ReadonlySet<string>, signal: AbortSignal): Promise<number> {
  return waitFor(
    'a part of the new run',
    async () => {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(1_000)]) }).catch(
        () => null,
      );
      const text = response?.ok === true ? await response.text().catch(() => '') : '';
      return initSections(text).some((name) => !known.has(name)) ? Date.now() : null;
    },
    { signal, intervalMs: POLL_MS },
  );
}

const initSections = (playlist: string): string[] => playlist.match(/\d+-init\.mp4/g) ?? [];
