import type { Page } from 'playwright-core';
import { previewPlaybackId } from '#domain/playback-ids.ts';
import { masterPath } from '#domain/playback-paths.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { decodeFrameNumbers } from '#kit/frame-counter.ts';
import { rememberSecret } from '#kit/secrets.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish, SMALL_CLIP } from '#test/support/broadcast.ts';
import { type EventReader, followEvents } from '#test/support/event-reader.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

/** Longer than the test, so that no frame number comes twice. */
const CLIP = { ...SMALL_CLIP, seconds: 120 };

let platform: TestPlatform;
let events: EventReader;
let browser: TestBrowser;
beforeAll(async () => {
  platform = await startTestPlatform({ tasks: 2 });
  browser = await launchBrowser();
  events = await followEvents(`${platform.apiUrl}/events`, platform.adminToken);
});
afterAll(async () => {
  events.close();
  await browser.close();
  await closeTestPlatforms();
});

/** The addresses of a stream's preview, with a token: its page, and its multivariant playlist. */
async function previewOf({ id, playbackId: ofViewers }: TestStream) {
  const response = await platform.callApi('POST', `/streams/${id}/preview-tokens`);
  const { embedUrl } = (await response.json()) as { readonly embedUrl: string };
  const playbackId = previewPlaybackId(ofViewers);
  const [page, token = ''] = embedUrl.split('#token=');
  rememberSecret(token);
  expect(page).toBe(`${platform.playbackBaseUrl}/embed/${playbackId}`);
  return { embedUrl, masterUrl: `${platform.playbackBaseUrl}${masterPath(playbackId, token)}` };
}

const statusCode = async (url: string): Promise<number> => (await fetch(url)).status;

async function statusOf(masterUrl: string): Promise<string> {
  const response = await fetch(masterUrl.replace('master.m3u8', 'status.json'));
  return ((await response.json()) as { readonly status: string }).status;
}

const says = (masterUrl: string, status: string) => waitFor(status, async () => (await statusOf(masterUrl)) === status);

async function openPage(url: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}

const timeOf = (page: Page) => page.evaluate(() => document.querySelector('video')?.currentTime ?? 0);
const plays = (page: Page) => waitFor('playback', async () => (await timeOf(page)) > 0.5);

const shown = async ({ id }: TestStream) => (await platform.callApi('GET', `/streams/${id}`)).json();

async function ask({ id }: TestStream, action: 'golive' | 'stop'): Promise<unknown> {
  const response = await platform.callApi('POST', `/streams/${id}/${action}`);
  expect(response.status).toBe(202);
  return response.json();
}

const typesOf = ({ id }: TestStream) =>
  events.events.flatMap((event) => ('streamId' in event && event.streamId === id ? event.type : []));

/** The frames of all segments that a playlist lists, up to its end. */
async function framesOf(masterUrl: string): Promise<number[]> {
  const numbers = await decodeFrameNumbers(['-live_start_index', '0', '-i', masterUrl]);
  return numbers.map((number) => number ?? Number.NaN);
}

test('a publisher is seen in the studio only, until somebody puts the stream on air, and again after the end', async () => {
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra', autoStart: false });
  const viewers = `${stream.liveUrl}/master.m3u8`;
  const { embedUrl, masterUrl: studio } = await previewOf(stream);
  expect(await Promise.all([viewers, studio].map(statusOf))).toEqual(['idle', 'idle']);
  expect(await shown(stream)).toMatchObject({ autoStart: false, onAir: false, status: 'idle' });

  const publisher = await publish(stream.publishUrl, CLIP);
  const sentAtMs = (frame = Number.NaN) => publisher.captureTimeMs(frame, Date.now());
  await says(studio, 'live');
  // Only with a token, though the stream is public.
  expect(await statusCode(`${platform.playbackBaseUrl}${masterPath(previewPlaybackId(stream.playbackId))}`)).toBe(403);
  expect([await statusOf(viewers), await statusCode(viewers)]).toEqual(['idle', 404]);
  await waitFor('the API to know', async () => (await shown(stream)).status === 'preview');
  const preview = await openPage(embedUrl);
  const watchPage = await openPage(stream.watchUrl);
  await plays(preview);
  expect(await timeOf(watchPage)).toBe(0);

  const askedAtMs = Date.now();
  expect(await ask(stream, 'golive')).toMatchObject({ onAir: true });
  await says(viewers, 'live');
  // Its page was open all the time.
  await plays(watchPage);
  expect(await statusOf(studio)).not.toBe('live');
  await waitFor('the API to know', async () => (await shown(stream)).status === 'live');
  expect(await ask(stream, 'golive')).toMatchObject({ onAir: true });

  expect(await ask(stream, 'stop')).toEqual({ wasLive: true });
  await says(viewers, 'ended');
  const endedAtMs = Date.now();
  const broadcast = await framesOf(viewers);
  expect(sentAtMs(broadcast[0])).toBeGreaterThanOrEqual(askedAtMs);
  expect(sentAtMs(broadcast.at(-1))).toBeLessThan(endedAtMs);
  expect(broadcast).toEqual(broadcast.map((_, index) => (broadcast[0] ?? 0) + index));

  await says(studio, 'live');
  expect(await shown(stream)).toMatchObject({ onAir: false, status: 'preview' });
  const shownBefore = await timeOf(preview);
  await waitFor('the preview to go on', async () => (await timeOf(preview)) !== shownBefore);

  const askedAgainAtMs = Date.now();
  await ask(stream, 'golive');
  await says(viewers, 'live');
  await ask(stream, 'stop');
  await says(viewers, 'ended');
  expect(sentAtMs((await framesOf(viewers))[0])).toBeGreaterThanOrEqual(askedAgainAtMs);

  // It was connected all the time.
  expect(await Promise.race([publisher.exited, null])).toBeNull();
  await publisher.kill();
  // A preview's events have names of their own, so that nobody takes it for a broadcast.
  const round = ['stream.preview-started', 'stream.preview-ended', 'stream.live', 'stream.ended'];
  expect(typesOf(stream).slice(0, 8)).toEqual([...round, ...round]);
});
