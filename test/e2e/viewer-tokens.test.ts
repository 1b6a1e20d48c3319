import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

let platform: TestPlatform;
let browser: TestBrowser;

beforeAll(async () => {
  platform = await startTestPlatform();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await closeTestPlatforms();
});

async function createViewerToken(streamId: string): Promise<{ readonly url: string; readonly watchUrl: string }> {
  const response = await platform.callApi('POST', `/streams/${streamId}/viewer-tokens`);
  expect(response.status).toBe(201);
  return response.json();
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

test('a stream with playback "token" plays with a token, and none of its files can be had without one', async () => {
  const stream = await platform.createStream({ playback: 'token' });
  const { url, watchUrl } = await createViewerToken(stream.id);
  const publisher = await publish(stream.publishUrl);
  await waitFor('a playable stream', async () => (await statusOf(url)) === 200);

  const page = await browser.newPage();
  const media: string[] = [];
  page.on('request', (request) => media.push(new URL(request.url()).pathname));
  await page.goto(watchUrl);
  await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 2, null, {
    timeout: 30_000,
  });
  const played = media.filter((path) => /\.(m3u8|mp4|m4s)$/.test(path));
  expect(played.filter((path) => path.endsWith('.m4s')).length).toBeGreaterThan(2);
  expect(played.filter((path) => !path.startsWith('/t/'))).toEqual([]);
  expect(browser.consoleErrors).toEqual([]);

  // The files that were played, without the token in their paths.
  for (const path of new Set(played)) {
    expect(await statusOf(`${platform.playbackBaseUrl}${path.replace(/^\/t\/[^/]+/, '')}`)).toBe(403);
  }
  const other = await platform.createStream({ playback: 'token' });
  expect(await statusOf(url.replace(stream.playbackId, other.playbackId))).toBe(403);

  await page.goto(stream.watchUrl);
  await page.waitForSelector('body[data-state="expired"]');
  await page.close();
  await publisher.stop();
});
