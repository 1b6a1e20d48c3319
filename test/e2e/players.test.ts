import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { type PagePlayerName, startPagePlayer } from '#scripts/bench/players/page-players.ts';
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

/** Longer than what a player has buffered that knows no parts. */
const BEYOND_BUFFER_SECONDS = 8;

test('players of HLS with their own defaults play, and go on when FFmpeg dies', async () => {
  const stream = await platform.createStream({ ladder: '360p' });
  const publisher = await publish(stream.publishUrl, SMALL_CLIP);
  await waitUntilPlayable(stream);
  const urls = {
    watchUrl: stream.watchUrl,
    multivariantPlaylistUrl: `${stream.liveUrl}/master.m3u8`,
    manifestUrl: `${stream.liveUrl}/manifest.mpd`,
  };
  const closed = { signal: new AbortController().signal, seconds: 0, defer: () => {} };
  const open = async (name: PagePlayerName): Promise<Page> => {
    const page = await browser.newPage();
    await startPagePlayer(closed, page, name, urls);
    return page;
  };
  const pages = await Promise.all([open('hls.js'), open('shaka'), open('video.js')]);
  const allPlayOn = () => Promise.all(pages.map((page) => playsOn(page, BEYOND_BUFFER_SECONDS)));
  await allPlayOn();
  process.kill((await platform.ffmpegPids()).at(-1) ?? 0, 'SIGKILL');
  await allPlayOn();
  await publisher.kill();
});
