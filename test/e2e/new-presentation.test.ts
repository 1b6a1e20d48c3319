import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { hlsErrors, openHlsJsPage } from '#kit/hls-js-page.ts';
import type { TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import { fetchMediaPlaylist, publish } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

const CLIP = { width: 640, height: 360, seconds: 8, videoKbps: 500 };

let platform: TestPlatform;
let browser: TestBrowser;
const publishers: TestPublisher[] = [];

beforeAll(async () => {
  platform = await startTestPlatform();
  browser = await launchBrowser();
});

afterAll(async () => {
  await Promise.all(publishers.map((publisher) => publisher.kill()));
  await browser.close();
  await closeTestPlatforms();
});

const hasSound = (page: Page): Promise<boolean> =>
  page.evaluate(() => {
    const video: (HTMLVideoElement & { webkitAudioDecodedByteCount?: number }) | null = document.querySelector('video');
    return (video?.webkitAudioDecodedByteCount ?? 0) > 0 && video?.paused === false;
  });

const currentTime = (page: Page): Promise<number> =>
  page.evaluate(() => document.querySelector('video')?.currentTime ?? 0);

/** Asks for the playlists until `signal` aborts, as players do that begin. Resolves to the different answers, in order. */
async function pollPlaylists(stream: TestStream, signal: AbortSignal): Promise<string[]> {
  const answers: string[] = [];
  while (!signal.aborted) {
    const master = await fetch(`${stream.liveUrl}/master.m3u8`);
    const { isEnded } = parseMediaPlaylist(await fetchMediaPlaylist(stream, '360p'));
    const sound = (await master.text()).includes('AUDIO=') ? 'sound' : 'no sound';
    const answer = `${master.status} ${sound}${isEnded ? ' ended' : ''}`;
    if (answers.at(-1) !== answer) answers.push(answer);
    await setTimeout(50);
  }
  return answers;
}

/** Publishes in place of the one before. */
async function publishInstead(stream: TestStream, hasAudio: boolean): Promise<void> {
  await publishers.at(-1)?.stop();
  publishers.push(await publish(stream.publishUrl, { ...CLIP, hasAudio }));
}

test('a source that gains sound, and loses it again: the page goes on with each, and other players as far as they can', async () => {
  const stream = await platform.createStream({ ladder: '360p' });
  await publishInstead(stream, false);
  const page = await browser.newPage();
  await page.goto(stream.watchUrl);
  await page.waitForSelector('body[data-state="playing"]', { timeout: 30_000 });
  const plain = await openHlsJsPage(browser, `${stream.liveUrl}/master.m3u8`);
  await waitFor('plain playback', async () => (await currentTime(plain)) > 0 && (await currentTime(page)) > 4);
  const polling = new AbortController();
  const polled = pollPlaylists(stream, polling.signal);

  await publishInstead(stream, true);
  await waitFor('sound on the page', () => hasSound(page));
  const gainedAt = await currentTime(plain);
  await waitFor('plain playback to go on without sound', async () => (await currentTime(plain)) > gainedAt + 2);
  const before = parseMediaPlaylist(await fetchMediaPlaylist(stream, '360p'));

  await publishInstead(stream, false);
  await waitFor('a page without sound', async () => !(await hasSound(page)) && (await currentTime(page)) > 0);
  polling.abort();
  expect(await polled).toEqual(['200 no sound', '200 sound', '200 no sound']);
  // The end is that of a stream: nothing that it had listed is missing. A player on a busy machine may stall, or be too impatient.
  expect((await hlsErrors(plain)).filter((error) => error.endsWith('LoadError'))).toEqual([]);
  for (const { uri } of before.segments.filter((segment) => segment.uri !== null)) {
    expect((await fetch(`${stream.liveUrl}/360p/${uri}`)).status).toBe(200);
  }
});
