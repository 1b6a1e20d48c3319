import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchBrowser } from '#kit/browser.ts';
import { makeClip } from '#kit/clip.ts';
import { isPlayable } from '#kit/first-playlist.ts';
import { takePresentedFrames, watchPresentedFrames } from '#kit/frame-counter.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext, Benchmark, Figures, SystemUnderTest } from './bench-context.ts';
import { type LatencySummary, summariseLatency } from './latency-summary.ts';
import type { Targets } from './target.ts';

/**
 * A viewer who starts with the first segment may be closer to live than all later ones. Latency is measured for the
 * next.
 */
const WAITING_VIEWER_SECONDS = 8;
/** Time for the player to settle. Stalls and latencies count after it. */
const SETTLE_SECONDS = 5;
const START_TIMEOUT_SECONDS = 30;
/** Without a graphics card, every pixel on the screen takes CPU from the encoder. The rendition stays the same. */
const VIEWPORT = { width: 320, height: 180 } as const;
/** Below this, the figures would describe the measurement rather than the system. */
const MIN_READABLE_PERCENT = 95;

/** Targets by system. The systems for comparison have none. */
const TARGETS: Readonly<Record<string, Targets>> = {
  'headend-low': { latencyP95Ms: { atMost: 1_600 }, firstPlaylistMs: { atMost: 1_500 }, stalls: { atMost: 0 } },
  'headend-ultra': { latencyP95Ms: { atMost: 900 }, firstPlaylistMs: { atMost: 1_500 }, stalls: { atMost: 0 } },
  'headend-standard': { latencyP95Ms: { atMost: 9_000 }, stalls: { atMost: 0 } },
};

/**
 * Latency from the publisher to the screen of a viewer in Chromium. Also the time from the start of the publish to the
 * first playlist and, for a waiting viewer, to the first picture.
 */
export function glassToGlass(system: SystemUnderTest): Benchmark {
  const targets = TARGETS[system.name] ?? {};
  return { name: `glass-to-glass/${system.name}`, targets, run: (context) => measure(system, context) };
}

async function measure(system: SystemUnderTest, context: BenchContext): Promise<Figures> {
  const clipPath = await makeClip();
  const running = await system.start(context);
  const browser = await launchBrowser();
  context.defer(() => browser.close());
  const page = await browser.newPage();
  await page.setViewportSize(VIEWPORT);
  const publisher = await startPublisher({ clipPath, rtmpUrl: running.publishUrl });
  context.defer(() => publisher.kill());
  const firstPacketAtMs = await publisher.firstPacketAtMs;
  if (firstPacketAtMs === null) throw new Error(`publish failed: ${(await publisher.exited).stderrTail}`);
  const firstPlaylistAtMs = await waitFor(
    'a playable playlist',
    async () => ((await isPlayable(running.multivariantPlaylistUrl, context.signal)) ? Date.now() : null),
    { signal: context.signal, timeoutMs: START_TIMEOUT_SECONDS * 1000 },
  );
  const viewing = { page, watchUrl: running.watchUrl, publisher, signal: context.signal };
  const waiting = await view(viewing, WAITING_VIEWER_SECONDS);
  const joining = await view(viewing, context.seconds);
  return {
    ...joining.summary,
    waitingViewerLatencyP50Ms: waiting.summary.latencyP50Ms,
    firstPlaylistMs: firstPlaylistAtMs - firstPacketAtMs,
    firstFrameMs: waiting.firstFrameAtMs - firstPacketAtMs,
    consoleErrors: browser.consoleErrors.length,
  };
}

interface Viewing {
  readonly page: Page;
  readonly watchUrl: string;
  readonly publisher: TestPublisher;
  readonly signal: AbortSignal;
}

/** Opens the page, lets the player settle, and summarises the next `seconds` of what it shows. */
async function view(
  { page, watchUrl, publisher, signal }: Viewing,
  seconds: number,
): Promise<{ readonly firstFrameAtMs: number; readonly summary: LatencySummary }> {
  await page.goto(watchUrl, { waitUntil: 'commit' });
  await watchPresentedFrames(page);
  const firstFrame = await waitFor(
    'a first frame',
    async () => (await takePresentedFrames(page)).find(({ frameNumber }) => frameNumber !== null) ?? null,
    { signal, timeoutMs: START_TIMEOUT_SECONDS * 1000 },
  );
  await sleep((SETTLE_SECONDS + seconds) * 1000, undefined, { signal });
  const span = { fromMs: firstFrame.displayedAtMs + SETTLE_SECONDS * 1000, untilMs: Date.now() };
  const summary = summariseLatency(await takePresentedFrames(page), publisher.captureTimeMs, span);
  if (summary.readablePercent < MIN_READABLE_PERCENT) {
    throw new Error(`only ${summary.readablePercent.toFixed(0)} % of the frames shown could be read`);
  }
  return { firstFrameAtMs: firstFrame.displayedAtMs, summary };
}
