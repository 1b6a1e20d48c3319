import type { Page } from 'playwright-core';
import { masterPath, watchPath } from '#domain/playback-paths.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { makeClip } from '#kit/clip.ts';
import { openHlsJsPage } from '#kit/hls-js-page.ts';
import { startPublisher } from '#kit/publisher.ts';
import type { BenchContext, Benchmark, Figures } from './bench-context.ts';
import { type RunningHeadend, startHeadend } from './systems/headend.ts';

/** Without a graphics card, every pixel on the screen takes CPU from the encoder, so both are small. */
const VIEWPORTS = { desktop: { width: 640, height: 360 }, phone: { width: 390, height: 844 } } as const;
/** Broadcasts that a page waits for, and visits of a live stream, at each size. */
const BROADCASTS = 3;
const VISITS = 5;
const TIMEOUT_MS = 30_000;

type StartUpWindow = typeof globalThis & { firstFrameAtMs?: number };

/** How long viewers wait for the first picture: those who wait for a broadcast, and those who open the page of one. */
export const startUp: Benchmark = {
  name: 'start-up/headend-low',
  targets: {
    waitingDesktopMs: { atMost: 1_500 },
    waitingPhoneMs: { atMost: 1_500 },
    openingDesktopMs: { atMost: 700 },
    openingPhoneMs: { atMost: 700 },
  },
  run: measure,
};

async function measure(context: BenchContext): Promise<Figures> {
  const running = await startHeadend(context, 'low');
  const browser = await launchBrowser();
  context.defer(() => browser.close());
  const clipPath = await makeClip();
  const figures: Record<string, number> = {};
  for (const [size, viewport] of Object.entries(VIEWPORTS)) {
    const name = `${size[0]?.toUpperCase()}${size.slice(1)}`;
    const waits: number[] = [];
    const visits: number[] = [];
    const hlsJsVisits: number[] = [];
    for (let broadcast = 0; broadcast < BROADCASTS; broadcast++) {
      const stream = await running.api.createStream({ title: 'Start-up', latency: 'low' });
      const page = await openPage(browser, viewport);
      await page.goto(`${origin(running)}${watchPath(stream.playbackId)}`);
      await page.waitForFunction(() => document.body.dataset.state === 'starting-soon', null, { timeout: TIMEOUT_MS });
      const publisher = await startPublisher({ clipPath, rtmpUrl: `${running.rtmpUrl}/${stream.streamKey}` });
      context.defer(() => publisher.kill());
      const firstPacketAtMs = await publisher.firstPacketAtMs;
      if (firstPacketAtMs === null) throw new Error(`publish failed: ${(await publisher.exited).stderrTail}`);
      waits.push((await firstFrameAtMs(page)) - firstPacketAtMs);
      await page.close();
      if (broadcast === BROADCASTS - 1)
        for (let visit = 0; visit < VISITS; visit++) {
          visits.push(await openingMs(browser, viewport, `${origin(running)}${watchPath(stream.playbackId)}`));
          hlsJsVisits.push(await hlsJsOpeningMs(browser, `${origin(running)}${masterPath(stream.playbackId)}`));
        }
      await publisher.kill();
      await running.api.deleteStream(stream.id);
    }
    figures[`waiting${name}Ms`] = median(waits);
    figures[`opening${name}Ms`] = median(visits);
    figures[`openingHlsJsDefault${name}Ms`] = median(hlsJsVisits);
  }
  return figures;
}

const origin = ({ watchUrl }: RunningHeadend): string => new URL(watchUrl).origin;

async function openPage({ browser }: TestBrowser, viewport: { width: number; height: number }): Promise<Page> {
  const page = await browser.newPage({ viewport });
  await page.addInitScript(noteFirstFrame);
  return page;
}

async function openingMs(browser: TestBrowser, viewport: { width: number; height: number }, url: string) {
  const page = await openPage(browser, viewport);
  await page.goto(url, { waitUntil: 'commit' });
  const atMs = await firstFrameAtMs(page);
  const openedAtMs = await page.evaluate(() => performance.timeOrigin);
  await page.close();
  return atMs - openedAtMs;
}

/** From the start of its script, which is there already. */
async function hlsJsOpeningMs(browser: TestBrowser, masterUrl: string): Promise<number> {
  const openedAtMs = Date.now();
  const page = await openHlsJsPage(browser, masterUrl);
  await page.evaluate(noteFirstFrame);
  const atMs = await firstFrameAtMs(page);
  await page.close();
  return atMs - openedAtMs;
}

/** In milliseconds since 1970. */
async function firstFrameAtMs(page: Page): Promise<number> {
  const read = () => (globalThis as StartUpWindow).firstFrameAtMs;
  const noted = await page.waitForFunction(read, null, { timeout: TIMEOUT_MS });
  return (await noted.jsonValue()) ?? Number.NaN;
}

/** Runs in the page, and must not refer to anything outside itself. So it has no named functions, which tsx would mark. */
function noteFirstFrame(): void {
  const timer = setInterval(() => {
    const video = document.querySelector('video');
    if (video === null) return;
    clearInterval(timer);
    video.requestVideoFrameCallback((_now, { expectedDisplayTime }) => {
      (globalThis as StartUpWindow).firstFrameAtMs = performance.timeOrigin + expectedDisplayTime;
    });
  }, 1);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
