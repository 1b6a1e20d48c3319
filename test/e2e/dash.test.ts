import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { type DashPlayerName, dashErrors, hasEnded, openDashPage } from '#kit/dash-page.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish, SMALL_CLIP, waitUntilPlayable } from '#test/support/broadcast.ts';
import { playsOn } from '#test/support/cluster.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

let platform: TestPlatform;
let browser: TestBrowser;
beforeAll(async () => {
  [platform, browser] = await Promise.all([startTestPlatform(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await closeTestPlatforms();
});

/** Longer than what a player has buffered. */
const BEYOND_BUFFER_SECONDS = 6;

test('dash.js and Shaka Player play, go on when FFmpeg dies and when the publisher comes back, and end', async () => {
  const stream = await platform.createStream({ ladder: '360p' });
  const publisher = await publish(stream.publishUrl, SMALL_CLIP);
  await waitUntilPlayable(stream);
  const open = (name: DashPlayerName): Promise<Page> => openDashPage(browser, name, `${stream.liveUrl}/manifest.mpd`);
  const [dashJs, shaka] = await Promise.all([open('dash.js'), open('Shaka Player')]);
  const pages = [dashJs, shaka];
  const allPlayOn = () => Promise.all(pages.map((page) => playsOn(page, BEYOND_BUFFER_SECONDS)));
  await allPlayOn();
  process.kill((await platform.ffmpegPids()).at(-1) ?? 0, 'SIGKILL');
  await allPlayOn();
  await publisher.kill();
  // The slate is shown by then.
  await allPlayOn();
  const next = await publish(stream.publishUrl, SMALL_CLIP);
  await allPlayOn();
  expect((await platform.callApi('POST', `/streams/${stream.id}/stop`)).status).toBe(202);
  await Promise.all(pages.map((page) => waitFor('the end', () => hasEnded(page))));
  await next.kill();
  for (const page of pages) expect(await dashErrors(page)).toEqual([]);
  expect(browser.consoleErrors).toEqual([]);
});

test('an unknown id has no manifest', async () => {
  expect((await fetch(`${platform.playbackBaseUrl}/live/abcdefghij234567/manifest.mpd`)).status).toBe(404);
});
