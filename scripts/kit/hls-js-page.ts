import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { TestBrowser } from './browser.ts';

const HLS_JS = fileURLToPath(new URL('../../node_modules/hls.js/dist/hls.min.js', import.meta.url));

/** What the page uses of hls.js. Its types can't be named in the page. */
interface StockHls {
  on(event: string, listener: (event: string, data: { fatal: boolean; type: string; details: string }) => void): void;
  loadSource(url: string): void;
  attachMedia(video: HTMLVideoElement): void;
  startLoad(): void;
  recoverMediaError(): void;
}
type HlsWindow = typeof globalThis & { Hls: new () => StockHls; hlsErrors?: string[] };

/**
 * Opens a page that plays a stream with hls.js as it is, and with the recovery from fatal errors that its manual recommends (API.md,
 * "Fatal Error Recovery"). Such players are on other people's sites.
 */
export async function openHlsJsPage(browser: TestBrowser, masterUrl: string): Promise<Page> {
  const page = await browser.newPage();
  await page.setContent('<video muted autoplay playsinline width="320" height="180"></video>');
  await page.addScriptTag({ path: HLS_JS });
  await page.evaluate(playInPage, masterUrl);
  return page;
}

/** All errors of hls.js so far, fatal or not, by their names. */
export const hlsErrors = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => (globalThis as HlsWindow).hlsErrors ?? []);

/** Runs in the page, and must not refer to anything outside itself. */
function playInPage(url: string): void {
  const hls = new (globalThis as HlsWindow).Hls();
  const errors: string[] = [];
  Object.assign(globalThis, { hlsErrors: errors });
  hls.on('hlsError', (_event, data) => {
    errors.push(data.details);
    if (!data.fatal) return;
    if (data.type === 'mediaError') hls.recoverMediaError();
    else hls.startLoad();
  });
  hls.loadSource(url);
  const video = document.querySelector('video');
  if (video !== null) hls.attachMedia(video);
}
