import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { buildPlayer } from '#scripts/build-player.ts';
import { LiveOrigin } from './live-origin.ts';

const WAIT_MS = 20_000;
/** Chromium writes this for every status of 400 and above and for every cut connection. No page can prevent it. */
const NETWORK_MESSAGE = 'Failed to load resource';
const ownComplaints = () => complaints.filter((complaint) => !complaint.startsWith(NETWORK_MESSAGE));

let playerDir: string;
let testBrowser: TestBrowser;
let origin: LiveOrigin;
let page: Page;
/** Console errors and warnings, uncaught exceptions, and requests to other hosts. */
let complaints: string[];

async function openPage(path: string, beforeLoad: () => void = () => undefined): Promise<void> {
  page = await testBrowser.browser.newPage({ viewport: { width: 640, height: 480 } });
  await page.addInitScript(beforeLoad);
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(origin.url)) complaints.push(request.url());
  });
  await page.goto(`${origin.url}${path}`);
}

const stateToBe = (state: string) =>
  page.waitForFunction((wanted) => document.body.dataset.state === wanted, state, { timeout: WAIT_MS });

/** Waits until playback has advanced by some seconds. */
async function playsOn(seconds = 1): Promise<void> {
  const from = await page.evaluate(() => window.headend.video.currentTime);
  await page.waitForFunction((time) => window.headend.video.currentTime > time, from + seconds, { timeout: WAIT_MS });
}

beforeAll(async () => {
  playerDir = await mkdtemp(join(tmpdir(), 'headend-page-'));
  await buildPlayer(playerDir);
  testBrowser = await launchBrowser();
});

afterAll(async () => {
  await testBrowser.close();
  await rm(playerDir, { recursive: true, force: true });
});

beforeEach(async () => {
  complaints = [];
  origin = await LiveOrigin.start(playerDir);
});

afterEach(async () => {
  await page.close();
  await origin.close();
});

test('waits for the stream, starts by itself, survives a killed FFmpeg and ends with the stream', async () => {
  await openPage('/watch/abcdefghij234567');
  await stateToBe('starting-soon');

  await origin.goLive();
  await stateToBe('playing');
  await playsOn();

  await origin.killFfmpeg();
  await stateToBe('reconnecting');
  origin.startFfmpeg();
  await stateToBe('playing');
  await playsOn(2);

  origin.mode = 'ended';
  await stateToBe('ended');
  expect(await page.evaluate(() => window.headend.video.ended)).toBe(true);

  origin.mode = 'live';
  await stateToBe('playing');
  await playsOn();
  expect(ownComplaints()).toEqual([]);
});

test('resumes by itself after a network failure', async () => {
  await origin.goLive();
  await openPage('/embed/abcdefghij234567');
  await stateToBe('playing');
  await playsOn();

  origin.goDown();
  await stateToBe('reconnecting');
  origin.mode = 'live';
  await stateToBe('playing');
  await playsOn(2);
  expect(ownComplaints()).toEqual([]);
});

test('shows that the stream has ended if it disappears without EXT-X-ENDLIST', async () => {
  await origin.goLive();
  await openPage('/watch/abcdefghij234567');
  await stateToBe('playing');

  origin.mode = 'absent';
  await stateToBe('reconnecting');
  await stateToBe('ended');
  expect(ownComplaints()).toEqual([]);
});

test('has controls for quality, sound and the live edge', async () => {
  await origin.goLive();
  await openPage('/watch/abcdefghij234567');
  await stateToBe('playing');

  expect(await page.evaluate(() => window.headend.video.muted)).toBe(true);
  await page.getByRole('button', { name: 'Tap for sound' }).click();
  expect(await page.evaluate(() => window.headend.video.muted)).toBe(false);
  expect(await page.locator('#sound-button').isVisible()).toBe(false);

  await page.locator('media-rendition-menu-button').click();
  expect(await page.getByRole('menuitemradio').allTextContents()).toEqual(
    expect.arrayContaining([expect.stringContaining('90p'), expect.stringContaining('Auto')]),
  );
  await page.getByRole('menuitemradio', { name: '90p' }).click();
  await page.waitForFunction(() => window.headend.video.videoHeight === 90, null, { timeout: WAIT_MS });

  await page.evaluate(() => {
    window.headend.video.pause();
    window.headend.video.currentTime = 0;
  });
  await page.locator('media-live-button:not([mediatimeislive])').click();
  await playsOn();
  expect(await page.evaluate(() => window.headend.latencySeconds)).toBeLessThan(4);
  expect(complaints).toEqual([]);
});

test('fits a phone screen, and an embed fills its frame', async () => {
  await origin.goLive();
  await openPage('/watch/abcdefghij234567');
  await stateToBe('playing');
  await page.setViewportSize({ width: 360, height: 640 });
  const widths = await page.evaluate(() => ({
    page: document.documentElement.scrollWidth,
    fullscreenEnds: document.querySelector('media-fullscreen-button')?.getBoundingClientRect().right,
  }));
  expect(widths.page).toBe(360);
  expect(widths.fullscreenEnds).toBeLessThanOrEqual(360);

  await page.goto(`${origin.url}/embed/abcdefghij234567`);
  await stateToBe('playing');
  expect(await page.locator('media-controller').boundingBox()).toEqual({ x: 0, y: 0, width: 360, height: 640 });
  expect(complaints).toEqual([]);
});

test('says so if the browser has neither Media Source Extensions nor built-in HLS', async () => {
  await openPage('/watch/abcdefghij234567', () => {
    Reflect.deleteProperty(window, 'MediaSource');
    Reflect.deleteProperty(window, 'ManagedMediaSource');
    HTMLMediaElement.prototype.canPlayType = () => '';
  });
  await stateToBe('unsupported');
  expect(await page.getByRole('status').textContent()).toContain('This browser cannot play the stream');
  expect(complaints).toEqual([]);
});

/** A page that makes no request for this long has stopped making requests. */
const QUIET_MS = 3_000;

async function expectExpiredLink(): Promise<void> {
  await stateToBe('expired');
  expect(await page.getByRole('status').textContent()).toContain('This link has expired');
  const requestCount = origin.requestedPaths.length;
  await page.waitForTimeout(QUIET_MS);
  expect(origin.requestedPaths.length).toBe(requestCount);
}

test('says that the link has expired if the stream requires a viewer token, after one request', async () => {
  origin.mode = 'refused';
  await openPage('/watch/tabcdefghij234567');
  await expectExpiredLink();
  expect(origin.requestedPaths).toEqual(['/live/tabcdefghij234567/status.json']);
  expect(await page.locator('media-control-bar').isVisible()).toBe(false);
  expect(ownComplaints()).toEqual([]);
});

test('plays until the viewer token expires, and again after a new link in the same tab', async () => {
  await origin.goLive();
  await openPage('/watch/tabcdefghij234567#token=first.1.x');
  await stateToBe('playing');
  await playsOn();
  expect(origin.requestedPaths.filter((path) => !path.startsWith('/t/first.1.x/live/tabcdefghij234567/'))).toEqual([]);

  origin.mode = 'refused';
  await expectExpiredLink();

  origin.mode = 'live';
  origin.requestedPaths.length = 0;
  await page.goto(`${origin.url}/watch/tabcdefghij234567#token=second.2.y`);
  await stateToBe('playing');
  await playsOn();
  expect(origin.requestedPaths.filter((path) => !path.startsWith('/t/second.2.y/live/tabcdefghij234567/'))).toEqual([]);
  expect(ownComplaints()).toEqual([]);
});

test('a public stream resumes after temporary 403s', async () => {
  await origin.goLive();
  await openPage('/watch/abcdefghij234567');
  await stateToBe('playing');
  origin.mode = 'refused';
  await stateToBe('reconnecting');
  origin.mode = 'live';
  await stateToBe('playing');
  await playsOn();
  expect(ownComplaints()).toEqual([]);
});
