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
/** A page that makes no request for this long has stopped making requests. */
const QUIET_MS = 3_000;

let playerDir: string;
let testBrowser: TestBrowser;

/** A page on an origin of its own. */
class Visit {
  readonly origin: LiveOrigin;
  readonly page: Page;
  /** Console errors and warnings, uncaught exceptions, and requests to other hosts. */
  readonly complaints: string[] = [];

  private constructor(origin: LiveOrigin, page: Page) {
    this.origin = origin;
    this.page = page;
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(origin.url))
        this.complaints.push(request.url());
    });
  }

  static async begin(): Promise<Visit> {
    const page = await testBrowser.browser.newPage({ viewport: { width: 640, height: 480 } });
    return new Visit(await LiveOrigin.start(playerDir), page);
  }

  async end(): Promise<void> {
    await this.page.close();
    await this.origin.close();
  }

  get ownComplaints(): readonly string[] {
    return this.complaints.filter((complaint) => !complaint.startsWith(NETWORK_MESSAGE));
  }

  async open(path: string, beforeLoad: () => void = () => undefined): Promise<void> {
    await this.page.addInitScript(beforeLoad);
    await this.page.goto(`${this.origin.url}${path}`);
  }

  async stateToBe(state: string): Promise<void> {
    const isIn = (wanted: string) => document.body.dataset.state === wanted;
    await this.page.waitForFunction(isIn, state, { timeout: WAIT_MS });
  }

  /** Waits until playback has advanced by some seconds. */
  async playsOn(seconds = 1): Promise<void> {
    const from = await this.page.evaluate(() => window.headend.video.currentTime);
    const isBeyond = (time: number) => window.headend.video.currentTime > time;
    await this.page.waitForFunction(isBeyond, from + seconds, { timeout: WAIT_MS });
  }

  async hasExpiredLink(): Promise<void> {
    await this.stateToBe('expired');
    expect(await this.page.getByRole('status').textContent()).toContain('This link has expired');
    const requestCount = this.origin.requestedPaths.length;
    await this.page.waitForTimeout(QUIET_MS);
    expect(this.origin.requestedPaths.length).toBe(requestCount);
  }
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

/** Visits run side by side, because they wait for live media most of the time. */
function testVisit(name: string, run: (visit: Visit) => Promise<void>): void {
  test.concurrent(name, async () => {
    const visit = await Visit.begin();
    await run(visit).finally(() => visit.end());
  });
}

testVisit(
  'waits for the stream, starts by itself, survives a killed FFmpeg and ends with the stream',
  async (visit) => {
    const { origin, page } = visit;
    await visit.open('/watch/abcdefghij234567');
    await visit.stateToBe('starting-soon');

    await origin.goLive();
    await visit.stateToBe('playing');
    await visit.playsOn();

    await origin.killFfmpeg();
    await visit.stateToBe('reconnecting');
    origin.startFfmpeg();
    await visit.stateToBe('playing');
    await visit.playsOn(2);

    origin.mode = 'ended';
    await visit.stateToBe('ended');
    expect(await page.evaluate(() => window.headend.video.ended)).toBe(true);

    origin.mode = 'live';
    await visit.stateToBe('playing');
    await visit.playsOn();
    expect(visit.ownComplaints).toEqual([]);
  },
);

testVisit('resumes by itself after a network failure', async (visit) => {
  const { origin } = visit;
  await origin.goLive();
  await visit.open('/embed/abcdefghij234567');
  await visit.stateToBe('playing');
  await visit.playsOn();

  origin.goDown();
  await visit.stateToBe('reconnecting');
  origin.mode = 'live';
  await visit.stateToBe('playing');
  await visit.playsOn(2);
  expect(visit.ownComplaints).toEqual([]);
});

testVisit('shows that the stream has ended if it disappears without EXT-X-ENDLIST', async (visit) => {
  const { origin } = visit;
  await origin.goLive();
  await visit.open('/watch/abcdefghij234567');
  await visit.stateToBe('playing');

  origin.mode = 'absent';
  await visit.stateToBe('reconnecting');
  await visit.stateToBe('ended');
  expect(visit.ownComplaints).toEqual([]);
});

testVisit('has controls for quality, sound and the live edge', async (visit) => {
  const { origin, page } = visit;
  await origin.goLive();
  await visit.open('/watch/abcdefghij234567');
  await visit.stateToBe('playing');

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
  await visit.playsOn();
  expect(await page.evaluate(() => window.headend.latencySeconds)).toBeLessThan(4);
  expect(visit.complaints).toEqual([]);
});

testVisit('fits a phone screen, and an embed fills its frame', async (visit) => {
  const { origin, page } = visit;
  await origin.goLive();
  await visit.open('/watch/abcdefghij234567');
  await visit.stateToBe('playing');
  await page.setViewportSize({ width: 360, height: 640 });
  const widths = await page.evaluate(() => ({
    page: document.documentElement.scrollWidth,
    fullscreenEnds: document.querySelector('media-fullscreen-button')?.getBoundingClientRect().right,
  }));
  expect(widths.page).toBe(360);
  expect(widths.fullscreenEnds).toBeLessThanOrEqual(360);

  await page.goto(`${origin.url}/embed/abcdefghij234567`);
  await visit.stateToBe('playing');
  expect(await page.locator('media-controller').boundingBox()).toEqual({ x: 0, y: 0, width: 360, height: 640 });
  expect(visit.complaints).toEqual([]);
});

testVisit('says so if the browser has neither Media Source Extensions nor built-in HLS', async (visit) => {
  const { page } = visit;
  await visit.open('/watch/abcdefghij234567', () => {
    Reflect.deleteProperty(window, 'MediaSource');
    Reflect.deleteProperty(window, 'ManagedMediaSource');
    HTMLMediaElement.prototype.canPlayType = () => '';
  });
  await visit.stateToBe('unsupported');
  expect(await page.getByRole('status').textContent()).toContain('This browser cannot play the stream');
  expect(visit.complaints).toEqual([]);
});

testVisit('says that the link has expired if the stream requires a viewer token, after one request', async (visit) => {
  const { origin, page } = visit;
  origin.mode = 'refused';
  await visit.open('/watch/tabcdefghij234567');
  await visit.hasExpiredLink();
  expect(origin.requestedPaths).toEqual(['/live/tabcdefghij234567/status.json']);
  expect(await page.locator('media-control-bar').isVisible()).toBe(false);
  expect(visit.ownComplaints).toEqual([]);
});

testVisit('plays until the viewer token expires, and again after a new link in the same tab', async (visit) => {
  const { origin, page } = visit;
  await origin.goLive();
  await visit.open('/watch/tabcdefghij234567#token=first.1.x');
  await visit.stateToBe('playing');
  await visit.playsOn();
  expect(origin.requestedPaths.filter((path) => !path.startsWith('/t/first.1.x/live/tabcdefghij234567/'))).toEqual([]);

  origin.mode = 'refused';
  await visit.hasExpiredLink();

  origin.mode = 'live';
  origin.requestedPaths.length = 0;
  await page.goto(`${origin.url}/watch/tabcdefghij234567#token=second.2.y`);
  await visit.stateToBe('playing');
  await visit.playsOn();
  expect(origin.requestedPaths.filter((path) => !path.startsWith('/t/second.2.y/live/tabcdefghij234567/'))).toEqual([]);
  expect(visit.ownComplaints).toEqual([]);
});

testVisit('a public stream resumes after temporary 403s', async (visit) => {
  const { origin } = visit;
  await origin.goLive();
  await visit.open('/watch/abcdefghij234567');
  await visit.stateToBe('playing');
  origin.mode = 'refused';
  await visit.stateToBe('reconnecting');
  origin.mode = 'live';
  await visit.stateToBe('playing');
  await visit.playsOn();
  expect(visit.ownComplaints).toEqual([]);
});
