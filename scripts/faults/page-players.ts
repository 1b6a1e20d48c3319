import type { Page } from 'playwright-core';
import { openHlsJsPage } from '#kit/hls-js-page.ts';
import { meterStalls, readPlayback } from '#kit/stall-meter.ts';
import type { FaultContext } from './fault-context.ts';
import type { Player } from './player.ts';

/** A player in a page of Chromium. */
export interface PagePlayer extends Player {
  readonly page: Page;
}

/** Opens the watch page. */
export async function openWatchPage(context: FaultContext, watchUrl: string): Promise<PagePlayer> {
  const page = await (await context.browser()).newPage();
  await page.goto(watchUrl, { waitUntil: 'commit' });
  return meter(context, 'page', page);
}

/** Opens a page with hls.js as it is. `kbps` limits what reaches it. */
export async function openPlainPlayer(context: FaultContext, masterUrl: string, kbps?: number): Promise<PagePlayer> {
  const page = await openHlsJsPage(await context.browser(), masterUrl);
  if (kbps !== undefined) await limitDownload(page, kbps);
  return meter(context, 'plain', page);
}

async function limitDownload(page: Page, kbps: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.emulateNetworkConditions', {
    ...{ offline: false, latency: 0, downloadThroughput: (kbps * 1000) / 8, uploadThroughput: -1 },
  });
}

async function meter(context: FaultContext, name: string, page: Page): Promise<PagePlayer> {
  context.defer(() => page.close());
  await meterStalls(page);
  return {
    name,
    page,
    positionSeconds: async () => (await readPlayback(page)).currentTime,
    report: async () => {
      const { longestStallSeconds, hasEnded } = await readPlayback(page);
      return { player: name, longestStallSeconds, hasEnded };
    },
  };
}
