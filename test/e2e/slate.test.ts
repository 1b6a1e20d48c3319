import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { hlsErrors, openHlsJsPage } from '#kit/hls-js-page.ts';
import { waitFor } from '#kit/wait-for.ts';
import { checkMediaPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { fetchMediaPlaylist, publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { GREEN, makePng } from '#test/support/pictures.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

/** More than a player has in its buffer: without a slate, it would stand still for most of this. */
const ABSENCE_SECONDS = 10;

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

/** Watches how the playback goes on, in the page. */
function watchPlayback(): void {
  const state = { longestStallMs: 0, position: -1, movedAtMs: performance.now() };
  Object.assign(globalThis, { playbackState: state });
  setInterval(() => {
    const position = document.querySelector('video')?.currentTime ?? 0;
    const nowMs = performance.now();
    if (position !== state.position) state.movedAtMs = nowMs;
    state.position = position;
    state.longestStallMs = Math.max(state.longestStallMs, nowMs - state.movedAtMs);
  }, 50);
}

const playback = (page: Page): Promise<{ readonly longestStallMs: number; readonly position: number }> =>
  page.evaluate(
    () => (globalThis as unknown as { playbackState: { longestStallMs: number; position: number } }).playbackState,
  );

// They wait most of the time, and run side by side.
test.concurrent('hls.js as it is plays on through ten seconds without the publisher, and through the return', async () => {
  const stream = await platform.createStream({ ladder: '360p' });
  const first = await publish(stream.publishUrl);
  await waitUntilPlayable(stream);
  const page = await openHlsJsPage(browser, `${stream.liveUrl}/master.m3u8`);
  const plays = (seconds: number) =>
    waitFor(`playback to ${seconds} s`, async () => (await playback(page)).position >= seconds);
  await waitFor('playback', () => page.evaluate(() => (document.querySelector('video')?.currentTime ?? 0) > 3));
  await page.evaluate(watchPlayback);
  await waitFor('the slate', async () =>
    (await platform.log()).split('\n').some((line) => line.includes('a slate is ready') && line.includes(stream.id)),
  );
  await first.kill();
  const { position } = await playback(page);
  await plays(position + ABSENCE_SECONDS);
  const second = await publish(stream.publishUrl);
  await plays((await playback(page)).position + ABSENCE_SECONDS);
  expect((await playback(page)).longestStallMs).toBeLessThan((ABSENCE_SECONDS * 1000) / 2);
  // A busy machine may make it wait, which is an error of its own.
  expect((await hlsErrors(page)).filter((name) => name !== 'bufferStalledError')).toEqual([]);
  for (const rendition of ['360p', 'audio'])
    expect(checkMediaPlaylist(await fetchMediaPlaylist(stream, rendition))).toEqual([]);
  await second.kill();
});

/** The average colour of a picture: red, green and blue. */
async function colourOf(media: Buffer): Promise<number[]> {
  const args = ['-v', 'error', '-i', 'pipe:0', '-frames:v', '1', '-vf', 'scale=1:1'];
  const decoding = promisify(execFile)('ffmpeg', [...args, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'], {
    encoding: 'buffer',
  });
  decoding.child.stdin?.end(media);
  return [...(await decoding).stdout];
}

test.concurrent("a stream's own picture is what viewers see without the publisher", async () => {
  const stream = await platform.createStream({ ladder: '360p' });
  const response = await fetch(`${platform.apiUrl}/streams/${stream.id}/slate-image`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${platform.adminToken}`, 'content-type': 'image/png' },
    body: new Uint8Array(makePng({ width: 64, height: 36, colour: GREEN })),
  });
  expect([response.status, (await response.json()).slateImage.width]).toEqual([200, 64]);
  const publisher = await publish(stream.publishUrl);
  await waitUntilPlayable(stream);
  await publisher.kill();
  const { epoch, name } = await waitFor('a segment of the slate', async () => {
    const playlist = await fetchMediaPlaylist(stream, '360p');
    const segments = [...playlist.matchAll(/^(\d+)-\d+\.m4s$/gm)].map(([uri, run]) => ({ name: uri, epoch: run }));
    const newest = segments.at(-1);
    return newest !== undefined && newest.epoch !== segments[0]?.epoch && newest;
  });
  const fetchMedia = async (file: string) =>
    Buffer.from(await (await fetch(`${stream.liveUrl}/360p/${file}`)).arrayBuffer());
  const colour = await colourOf(Buffer.concat([await fetchMedia(`${epoch}-init.mp4`), await fetchMedia(name)]));
  for (const [index, value] of GREEN.entries()) expect(Math.abs((colour[index] ?? 0) - value)).toBeLessThan(12);
});
