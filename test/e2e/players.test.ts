import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { waitFor } from '#kit/wait-for.ts';
import {
  loadPagePlayer,
  type PagePlayerName,
  startPagePlayer,
  startWatchPage,
} from '#scripts/bench/players/page-players.ts';
import type { PlayingPlayer } from '#scripts/bench/players/player-under-test.ts';
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

interface OpenPlayer {
  readonly page: Page;
  readonly player: PlayingPlayer;
}

test('our page and players of HLS with their own defaults play, go on when FFmpeg dies, and end when the stream is stopped', async () => {
  const stream = await platform.createStream({ ladder: '360p' });
  const publisher = await publish(stream.publishUrl, SMALL_CLIP);
  await waitUntilPlayable(stream);
  const urls = {
    watchUrl: stream.watchUrl,
    multivariantPlaylistUrl: `${stream.liveUrl}/master.m3u8`,
    manifestUrl: `${stream.liveUrl}/manifest.mpd`,
  };
  const open = async (name: PagePlayerName | 'our page'): Promise<OpenPlayer> => {
    const page = await browser.newPage();
    if (name === 'our page') return { page, player: await startWatchPage(page, urls) };
    await loadPagePlayer(page, name);
    return { page, player: await startPagePlayer(page, name, urls) };
  };
  const players = await Promise.all([open('our page'), open('hls.js'), open('shaka'), open('video.js')]);
  const allPlayOn = () => Promise.all(players.map(({ page }) => playsOn(page, BEYOND_BUFFER_SECONDS)));
  await allPlayOn();
  process.kill((await platform.ffmpegPids()).at(-1) ?? 0, 'SIGKILL');
  await allPlayOn();
  expect((await platform.callApi('POST', `/streams/${stream.id}/stop`)).status).toBe(202);
  await Promise.all(players.map(({ player }) => waitFor('the end', () => player.hasEnded())));
  await publisher.kill();
});
