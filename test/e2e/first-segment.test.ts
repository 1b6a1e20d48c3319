import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { hlsErrors, openHlsJsPage } from '#kit/hls-js-page.ts';
import type { TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

const CLIP = { width: 640, height: 360, seconds: 8, videoKbps: 500 };

let platform: TestPlatform;
let browser: TestBrowser;
let publisher: TestPublisher | undefined;

beforeAll(async () => {
  platform = await startTestPlatform();
  browser = await launchBrowser();
});

afterEach(async () => {
  await publisher?.kill();
});

afterAll(async () => {
  await browser.close();
  await closeTestPlatforms();
});

/** FFmpeg's messages while it plays two seconds. */
async function playWithFfmpeg(url: string): Promise<{ code: unknown; messages: string }> {
  const args = ['-v', 'error', '-nostdin', '-i', url, '-t', '2', '-f', 'null', '-'];
  const ffmpeg = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [messages, [code]] = await Promise.all([text(ffmpeg.stderr), once(ffmpeg, 'close')]);
  return { code, messages };
}

test.each(LATENCY_NAMES)('%s: players that come with the multivariant playlist can play', async (latency) => {
  const stream = await platform.createStream({ latency, ladder: '360p' });
  publisher = await publish(stream.publishUrl, CLIP);
  await waitUntilPlayable(stream);
  const masterUrl = `${stream.liveUrl}/master.m3u8`;
  const [page, played] = await Promise.all([openHlsJsPage(browser, masterUrl), playWithFfmpeg(masterUrl)]);
  expect(played).toEqual({ code: 0, messages: '' });
  await waitFor('playback', () => page.evaluate(() => (document.querySelector('video')?.currentTime ?? 0) > 1));
  expect(await hlsErrors(page)).not.toContain('manifestLoadError');
});
