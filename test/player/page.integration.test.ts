import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { buildPlayer } from '#scripts/build-player.ts';
import { LiveOrigin } from './live-origin.ts';

const WAIT_MS = 20_000;
/** Chromium itself writes this for every answer of 400 and up and for every cut connection; no page can prevent it. */
const NETWORK_MESSAGE = 'Failed to load resource';
const ownComplaints = () => complaints.filter((complaint) => !complaint.startsWith(NETWORK_MESSAGE));

let playerDir: string;
let testBrowser: TestBrowser;
let origin: LiveOrigin;
let page: Page;
/** Errors and warnings on the console, uncaught exceptions, and requests to foreign hosts. */
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

/** Waits until playback has moved on by some seconds from where it is now. */
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

test('waits for the stream, begins by itself, lives through a killed encoder and ends with the stream', async () => {
  await openPage('/watch/abcdefghij234567');
  await stateToBe('starting-soon');

  await origin.goLive();
  await stateToBe('playing');
  await playsOn();

  await origin.killEncoder();
  await stateToBe('reconnecting');
  origin.startEncoder();
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

test('goes on by itself after the network was away', async () => {
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

test('says that the stream has ended when it vanishes without saying so', async () => {
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

test('fits a phone, and an embed fills its frame', async () => {
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

test('says so where the browser can play neither with Media Source Extensions nor by itself', async () => {
  await openPage('/watch/abcdefghij234567', () => {
    Reflect.deleteProperty(window, 'MediaSource');
    Reflect.deleteProperty(window, 'ManagedMediaSource');
    HTMLMediaElement.prototype.canPlayType = () => '';
  });
  await stateToBe('unsupported');
  expect(await page.getByRole('status').textContent()).toContain('This browser cannot play the stream');
  expect(complaints).toEqual([]);
});

/** No page asks for anything within this time that is done with asking. */
const QUIET_MS = 3_000;

async function saysThatTheLinkHasExpired(): Promise<void> {
  await stateToBe('expired');
  expect(await page.getByRole('status').textContent()).toContain('This link has expired');
  const asked = origin.asked.length;
  await page.waitForTimeout(QUIET_MS);
  expect(origin.asked.length).toBe(asked);
}

test('says that the link has expired where a stream asks for a viewer token, and asks once', async () => {
  origin.mode = 'refused';
  await openPage('/watch/tabcdefghij234567');
  await saysThatTheLinkHasExpired();
  expect(origin.asked).toEqual(['/live/tabcdefghij234567/status.json']);
  expect(await page.locator('media-control-bar').isVisible()).toBe(false);
  expect(ownComplaints()).toEqual([]);
});

test('plays with a viewer token until it expires, and again with a new link in the same tab', async () => {
  await origin.goLive();
  await openPage('/watch/tabcdefghij234567#token=first.1.x');
  await stateToBe('playing');
  await playsOn();
  expect(origin.asked.filter((path) => !path.startsWith('/t/first.1.x/live/tabcdefghij234567/'))).toEqual([]);

  origin.mode = 'refused';
  await saysThatTheLinkHasExpired();

  origin.mode = 'live';
  origin.asked.length = 0;
  await page.goto(`${origin.url}/watch/tabcdefghij234567#token=second.2.y`);
  await stateToBe('playing');
  await playsOn();
  expect(origin.asked.filter((path) => !path.startsWith('/t/second.2.y/live/tabcdefghij234567/'))).toEqual([]);
  expect(ownComplaints()).toEqual([]);
});

test('a public stream goes on where something in between refuses for a while', async () => {
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
