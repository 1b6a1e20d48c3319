import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { openHlsJsPage } from '#kit/hls-js-page.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

/** Long enough for players to have everything but the last part. */
const RECONNECT_WINDOW_SECONDS = '5';

const hasEnded = (page: Page): Promise<boolean> => page.evaluate(() => document.querySelector('video')?.ended === true);

describe('a player of other people, whose broadcast ends', () => {
  let platform: TestPlatform;
  let browser: TestBrowser;

  beforeAll(async () => {
    platform = await startTestPlatform({ environment: { RECONNECT_WINDOW_SECONDS } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await closeTestPlatforms();
  });

  // Side by side, since both wait for the reconnect window.
  test.concurrent.each(['low', 'ultra'])('plays to the end with the latency profile %s', async (latency) => {
    const stream = await platform.createStream({ latency });
    const publisher = await publish(stream.publishUrl);
    try {
      await waitUntilPlayable(stream);
      const page = await openHlsJsPage(browser, `${stream.liveUrl}/master.m3u8`);
      await waitFor('some playback', () =>
        page.evaluate(
          () => (document.querySelector('video')?.currentTime ?? 0) > 0 && !document.querySelector('video')?.paused,
        ),
      );
      await publisher.stop();
      await waitFor('the end of playback', () => hasEnded(page), { timeoutMs: 60_000 });
      await page.close();
    } finally {
      await publisher.kill();
    }
  });
});
