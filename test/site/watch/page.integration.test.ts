import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { waitFor } from '#kit/wait-for.ts';
import { buildSite } from '#scripts/build-site.ts';
import { Visit, WAIT_MS } from './visit.ts';

let siteDir: string;
let testBrowser: TestBrowser;

beforeAll(async () => {
  siteDir = await mkdtemp(join(tmpdir(), 'headend-page-'));
  await buildSite(siteDir);
  testBrowser = await launchBrowser();
});

afterAll(async () => {
  await testBrowser.close();
  await rm(siteDir, { recursive: true, force: true });
});

/** Visits run side by side, because they wait for live media most of the time. */
function testVisit(name: string, run: (visit: Visit) => Promise<void>): void {
  test.concurrent(name, async () => {
    const visit = await Visit.begin(testBrowser.browser, siteDir);
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
  await visit.stateToBe('unreachable');
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
  await visit.stateToBe('ended');
  expect(visit.ownComplaints).toEqual([]);
});

testVisit('has controls for quality, sound and the live edge', async (visit) => {
  const { origin, page } = visit;
  await origin.goLive();
  await visit.open('/watch/abcdefghij234567');
  await visit.stateToBe('playing');
  // Both scripts of the page and hls.js want it.
  expect(origin.requestedPaths.filter((path) => path.endsWith('/master.m3u8'))).toHaveLength(1);

  expect(await page.evaluate(() => window.headend.video.muted)).toBe(true);
  await page.getByRole('button', { name: 'Tap for sound' }).click();
  expect(await page.evaluate(() => window.headend.video.muted)).toBe(false);
  expect(await page.locator('#sound-button').isVisible()).toBe(false);

  const quality = page.getByRole('combobox', { name: 'Quality' });
  expect(await quality.locator('option').allTextContents()).toEqual(['Auto', '180p', '90p']);
  await quality.selectOption('90p');
  await page.waitForFunction(() => window.headend.video.videoHeight === 90, null, { timeout: WAIT_MS });

  await page.evaluate(() => {
    window.headend.video.pause();
    window.headend.video.currentTime = 0;
  });
  await page.getByRole('button', { name: /behind – Go live$/ }).click();
  await visit.playsOn();
  expect(await page.evaluate(() => window.headend.latencySeconds)).toBeLessThan(4);
  expect(visit.complaints).toEqual([]);
});

testVisit('has the browser’s own controls if those of the page can not be loaded', async (visit) => {
  const { origin, page } = visit;
  await origin.goLive();
  await page.route('**/watch-elements-*.js', (route) => route.abort());
  await visit.open('/watch/abcdefghij234567');
  await visit.stateToBe('playing');
  await page.waitForFunction(() => window.headend.video.controls, null, { timeout: WAIT_MS });
  expect(visit.ownComplaints).toEqual([]);
});

testVisit('fits a phone screen, and an embed fills its frame', async (visit) => {
  const { origin, page } = visit;
  await origin.goLive();
  await visit.open('/watch/abcdefghij234567');
  await visit.stateToBe('playing');
  await page.setViewportSize({ width: 360, height: 640 });
  // The picture does not wait for the controls.
  await page.waitForFunction(() => {
    const { right = 0 } = document.querySelector('media-fullscreen-button')?.getBoundingClientRect() ?? {};
    return right > 0 && right <= 360 && document.documentElement.scrollWidth === 360;
  });

  await page.goto(`${origin.url}/embed/abcdefghij234567`);
  await visit.stateToBe('playing');
  expect(await page.locator('media-controller').boundingBox()).toEqual({ x: 0, y: 0, width: 360, height: 640 });
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
  await visit.stateToBe('unreachable');
  origin.mode = 'live';
  await visit.stateToBe('playing');
  await visit.playsOn();
  expect(visit.ownComplaints).toEqual([]);
});

testVisit(
  'asks for status and playlist once, before its script has run, and for no playlist of an absent stream',
  async (visit) => {
    const { origin, page } = visit;
    const held: (() => void)[] = [];
    await page.route(/\/watch-[0-9A-Z]{8}\.js$/, async (route) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await route.continue();
    });
    await page.goto(`${origin.url}/watch/abcdefghij234567`, { waitUntil: 'commit' });
    await waitFor('the early request', () => origin.requestedPaths.length > 0 && held.length > 0);
    expect(origin.requestedPaths).toEqual(['/live/abcdefghij234567/status.json']);
    for (const goOn of held.splice(0)) goOn();
    await visit.stateToBe('starting-soon');
    expect(origin.requestedPaths.filter((path) => path.endsWith('status.json')).length).toBeLessThanOrEqual(2);

    await origin.goLive();
    await visit.stateToBe('playing');
    origin.requestedPaths.length = 0;
    await page.reload({ waitUntil: 'commit' });
    await waitFor('the early requests', () => origin.requestedPaths.some((path) => path.endsWith('master.m3u8')));
    for (const goOn of held.splice(0)) goOn();
    await visit.stateToBe('playing');
  },
);
