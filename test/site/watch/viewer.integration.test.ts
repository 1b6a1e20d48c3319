import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { buildSite } from '#scripts/build-site.ts';
import { STILL_AFTER_MS } from '#site/watch/still-watch.ts';
import { contrastOfWhite } from './picture-contrast.ts';
import { Visit, WAIT_MS } from './visit.ts';

const WATCH = '/watch/abcdefghij234567';
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const PHONE_ON_ITS_SIDE = { width: 844, height: 390 };
/** Fingers need as much (WCAG 2.2, 2.5.5). */
const TARGET_PIXELS = 44;
/** Text over a picture needs as much (WCAG 2.2, 1.4.3). */
const TEXT_CONTRAST = 4.5;

let siteDir: string;
let testBrowser: TestBrowser;
let axeSource: string;

beforeAll(async () => {
  siteDir = await mkdtemp(join(tmpdir(), 'headend-viewer-'));
  await buildSite(siteDir);
  testBrowser = await launchBrowser();
  axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});

afterAll(async () => {
  await testBrowser.close();
  await rm(siteDir, { recursive: true, force: true });
});

function testVisit(name: string, run: (visit: Visit) => Promise<void>): void {
  test.concurrent(name, async () => {
    const visit = await Visit.begin(testBrowser.browser, siteDir);
    await run(visit).finally(() => visit.end());
  });
}

/** Looks for what hinders people who use assistive technology. */
async function hasNoFindings({ page }: Visit, sizes = [DESKTOP, PHONE, PHONE_ON_ITS_SIDE]): Promise<void> {
  await page.evaluate(axeSource);
  for (const size of sizes) {
    await page.setViewportSize(size);
    const findings = await page.evaluate(async () => {
      const { axe } = window as unknown as { readonly axe: { run(): Promise<AxeResults> } };
      const { violations } = await axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
    expect(findings).toEqual([]);
  }
}

const badge = (visit: Visit) => visit.page.locator('#live-button');
const isLive = (visit: Visit) => visit.page.evaluate(() => document.body.dataset.live === 'true');

testVisit('an address without a stream says so at once, and a stream has its title', async (visit) => {
  const { origin, page } = visit;
  origin.status = { status: 'unknown' };
  await visit.open(WATCH);
  await visit.stateToBe('unknown');
  expect(await page.getByRole('status').textContent()).toContain('No such stream');
  expect(await page.locator('.spinner').isVisible()).toBe(false);
  await hasNoFindings(visit);

  origin.status = { title: 'Grand <b>Final</b>' };
  await visit.stateToBe('starting-soon');
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Grand <b>Final</b>');
  expect(await page.title()).toBe('Grand <b>Final</b>');
  await hasNoFindings(visit);

  const times = { startedAt: '2026-03-01T18:00:00.000Z', endedAt: '2026-03-01T19:02:00.000Z' };
  origin.status = { status: 'ended', title: 'Grand Final', ...times };
  await visit.stateToBe('ended');
  expect(await page.getByRole('status').textContent()).toContain('It lasted 1 h 2 min.');
  expect(await page.title()).toBe('Grand Final');
  await hasNoFindings(visit);

  expect(visit.complaints).toEqual([]);
});

testVisit('a mistyped address says so, and asks for nothing', async (visit) => {
  await visit.open('/watch/abcdefghij23456.');
  await visit.stateToBe('unknown');
  expect(await visit.page.locator('.spinner').isVisible()).toBe(false);
  expect(visit.origin.requestedPaths).toEqual([]);
  expect(visit.complaints).toEqual([]);
});

testVisit('says so if the browser decodes no codec of the stream', async (visit) => {
  await visit.origin.goLive();
  await visit.open(WATCH, () => {
    MediaSource.isTypeSupported = (type) => type.includes('av01');
  });
  await visit.stateToBe('unsupported');
  await visit.isQuiet();
});

testVisit('says what keeps the stream away: the server, the viewer’s connection, an old link', async (visit) => {
  const { origin, page } = visit;
  await page.route('**/status.json*', (route) => route.abort());
  await visit.open('/watch/tabcdefghij234567');
  await visit.stateToBe('unreachable');
  await hasNoFindings(visit, [DESKTOP]);
  await page.context().setOffline(true);
  await visit.stateToBe('offline');
  await hasNoFindings(visit, [DESKTOP]);
  origin.mode = 'refused';
  await page.unroute('**/status.json*');
  await page.context().setOffline(false);
  await visit.stateToBe('expired');
  await hasNoFindings(visit);
});

testVisit(
  'says so if the browser has neither Media Source Extensions nor built-in HLS, and loads no media',
  async (visit) => {
    await visit.origin.goLive();
    await visit.open(WATCH, () => {
      Reflect.deleteProperty(window, 'MediaSource');
      Reflect.deleteProperty(window, 'ManagedMediaSource');
      HTMLMediaElement.prototype.canPlayType = () => '';
    });
    await visit.stateToBe('unsupported');
    expect(await visit.page.getByRole('status').textContent()).toContain('This browser cannot play the stream');
    await hasNoFindings(visit);
    // The last size is a phone's.
    expect(await visit.page.getByRole('button').filter({ visible: true }).count()).toBe(0);
    expect(visit.origin.requestedPaths.filter((path) => /\.(m3u8|mp4|m4s)/.test(path))).toEqual([]);
    expect(visit.complaints).toEqual([]);
  },
);

testVisit('a browser that refuses to start shows a play button alone, and the tap starts at live', async (visit) => {
  const { origin, page } = visit;
  origin.status = { hasAudio: true };
  await origin.goLive();
  await visit.open(WATCH, () => {
    let isTapped = false;
    addEventListener('click', () => (isTapped = true), { capture: true });
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
      return isTapped ? play.call(this) : Promise.reject(new DOMException('no tap yet', 'NotAllowedError'));
    };
  });
  await visit.stateToBe('blocked');
  await hasNoFindings(visit);
  // The last size is a phone's.
  expect(await page.getByRole('button').filter({ visible: true }).count()).toBe(1);
  expect(await page.locator('.spinner').isVisible()).toBe(false);
  await page.locator('.big-play').click();
  await visit.stateToBe('playing');
  await visit.playsOn();
  expect(await isLive(visit)).toBe(true);
  expect(visit.complaints).toEqual([]);
});

testVisit('remembers sound and quality, obeys keys without a click, and falls back to silence', async (visit) => {
  const { origin, page } = visit;
  origin.status = { hasAudio: true };
  await origin.goLive();
  await visit.open(WATCH, () => {
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
      const isAllowed = this.muted || navigator.userActivation.hasBeenActive;
      return isAllowed ? play.call(this) : Promise.reject(new DOMException('sound needs a tap', 'NotAllowedError'));
    };
  });
  await visit.stateToBe('playing');
  const soundButton = page.getByRole('button', { name: 'Tap for sound' });
  expect(await soundButton.isVisible()).toBe(true);

  await page.keyboard.press('m');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.getByRole('combobox', { name: 'Quality' }).selectOption('90p');
  expect(await soundButton.isVisible()).toBe(false);
  await page.keyboard.press('k');
  expect(await page.evaluate(() => window.headend.video.paused)).toBe(true);
  await page.keyboard.press(' ');
  await page.waitForFunction(() => !window.headend.video.paused, null, { timeout: WAIT_MS });

  await page.keyboard.press('?');
  expect(await page.getByRole('dialog').isVisible()).toBe(true);
  await page.keyboard.press('m');
  await hasNoFindings(visit, [DESKTOP]);
  await page.keyboard.press('Escape');
  expect(await page.getByRole('dialog').isVisible()).toBe(false);

  await page.locator('media-controller:not([mediapaused])').waitFor();
  // The first click pauses, and may bring the button on which the second one falls.
  await page.mouse.move(320, 200);
  await page.mouse.down({ clickCount: 1 });
  await page.mouse.up({ clickCount: 1 });
  await page.locator('.big-play').waitFor();
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
  await page.waitForFunction(() => document.fullscreenElement?.localName === 'media-controller');
  await page.keyboard.press('f');
  await page.waitForFunction(() => document.fullscreenElement === null);

  await page.reload();
  await visit.stateToBe('playing');
  await page.waitForFunction(() => window.headend.video.videoHeight === 90, null, { timeout: WAIT_MS });
  expect(await page.evaluate(() => window.headend.video.volume)).toBeCloseTo(0.8);
  // The browser has refused sound this time. The viewer still wants it.
  expect(await soundButton.isVisible()).toBe(true);
  await soundButton.click();
  expect(await page.evaluate(() => window.headend.video.muted)).toBe(false);
  origin.status = { hasAudio: false };
  await page.locator('media-mute-button').waitFor({ state: 'hidden' });
  expect(visit.complaints).toEqual([]);
});

testVisit('a picture that stands says so after 300 ms, and its age grows', async (visit) => {
  const { origin, page } = visit;
  await origin.goLive();
  await visit.open(WATCH, () => {
    // For each time that the page begins to buffer: how old the picture on screen was.
    const stoodMs: number[] = [];
    Object.assign(window, { stoodMs });
    addEventListener('load', () => {
      const { video } = window.headend;
      let shownAtMs = 0;
      const onFrame: VideoFrameRequestCallback = (_now, { presentationTime }) => {
        shownAtMs = presentationTime;
        video.requestVideoFrameCallback(onFrame);
      };
      video.requestVideoFrameCallback(onFrame);
      let state: string | undefined;
      new MutationObserver(() => {
        const { dataset } = document.body;
        if (dataset.state === 'buffering' && state === 'playing') stoodMs.push(performance.now() - shownAtMs);
        state = dataset.state;
      }).observe(document.body, { attributeFilter: ['data-state'] });
    });
  });
  await visit.stateToBe('playing');
  await visit.playsOn();
  const before = await page.locator('media-control-bar').boundingBox();
  await origin.killFfmpeg();
  await visit.stateToBe('buffering');
  const stoodMs = await page.evaluate(() => (window as unknown as { readonly stoodMs: number[] }).stoodMs.at(-1));
  expect(stoodMs).toBeGreaterThanOrEqual(STILL_AFTER_MS);
  expect(await page.locator('.spinner').isVisible()).toBe(true);
  expect(await page.locator('media-control-bar').boundingBox()).toEqual(before);
  expect(await isLive(visit)).toBe(false);
  const age = await page.evaluate(() => window.headend.delaySeconds);
  const isOlder = (seconds: number) => (window.headend.delaySeconds ?? 0) > seconds;
  await page.waitForFunction(isOlder, (age ?? 0) + 2, { timeout: WAIT_MS });
  await visit.stateToBe('reconnecting');
  await hasNoFindings(visit, [DESKTOP]);
  origin.startFfmpeg();
  await visit.stateToBe('playing');
  // A busy machine may stall once more.
  await page.locator('.spinner').waitFor({ state: 'hidden', timeout: WAIT_MS });
  // A presentation ends, and another one may follow.
  origin.mode = 'ended';
  origin.status = { status: 'live' };
  const waitsPaused = 'body[data-state="buffering"] media-controller[mediapaused] .spinner';
  await page.locator(waitsPaused).waitFor({ state: 'visible', timeout: WAIT_MS });
});

testVisit('a pause keeps its place until the viewer goes live, and stops loading after a minute', async (visit) => {
  const { origin, page } = visit;
  await page.clock.install();
  await origin.goLive();
  await visit.open(WATCH);
  await visit.stateToBe('playing');
  await visit.playsOn();
  await page.evaluate(() => {
    const { video } = window.headend;
    video.pause();
    video.addEventListener('seeking', () => document.body.toggleAttribute('data-has-moved', true));
  });
  await page.getByRole('button', { name: /^0:\d\d behind – Go live$/ }).waitFor();
  await page.keyboard.press('k');
  await visit.playsOn();
  const hasMoved = (): Promise<boolean> => page.evaluate(() => document.body.hasAttribute('data-has-moved'));
  expect(await hasMoved()).toBe(false);
  expect(await isLive(visit)).toBe(false);
  await badge(visit).click();
  await page.waitForFunction(() => document.body.dataset.live === 'true', null, { timeout: WAIT_MS });
  expect(await hasMoved()).toBe(true);

  await page.evaluate(() => window.headend.video.pause());
  await page.waitForFunction(() => window.headend.video.paused);
  await page.clock.fastForward(61_000);
  await page.waitForTimeout(1_000);
  await visit.isQuiet();
  await page.keyboard.press('k');
  await visit.playsOn();
  await page.waitForFunction(() => document.body.dataset.live === 'true', null, { timeout: WAIT_MS });
  expect(visit.complaints).toEqual([]);
});

testVisit('a viewer who has paused still has when the page starts playback again', async (visit) => {
  const { origin, page } = visit;
  await origin.goLive();
  await visit.open(WATCH);
  await visit.stateToBe('playing');
  await page.evaluate(() => window.headend.video.pause());
  // A firewall in between: playback fails, and is to begin again.
  origin.mode = 'refused';
  await visit.stateToBe('unreachable');
  origin.mode = 'live';
  await visit.stateToBe('blocked');
  await visit.isQuiet();
  expect(await page.evaluate(() => window.headend.video.paused)).toBe(true);
  await page.locator('.big-play').click();
  await visit.stateToBe('playing');
  await visit.playsOn();
  expect(await isLive(visit)).toBe(true);
  expect(visit.ownComplaints).toEqual([]);
});

testVisit(
  'the publisher’s absence is a banner over the picture, and the end comes without another live',
  async (visit) => {
    const { origin, page } = visit;
    await origin.goLive();
    await visit.open('/embed/abcdefghij234567');
    await visit.stateToBe('playing');
    origin.status = { reason: 'publisher-lost' };
    await visit.stateToBe('publisher-lost');
    await visit.playsOn();
    expect(await isLive(visit)).toBe(false);
    await hasNoFindings(visit);
    const banner = await page.getByRole('status').boundingBox();
    expect(banner?.height).toBeLessThan(PHONE_ON_ITS_SIDE.height / 3);
    origin.status = { reason: 'publisher-stopped' };
    await visit.stateToBe('publisher-stopped');
    expect(await page.getByRole('status').textContent()).toContain('The broadcaster has stopped');

    await page.evaluate(() => {
      const states: (string | undefined)[] = [];
      Object.assign(window, { states });
      new MutationObserver(() => states.push(document.body.dataset.state)).observe(document.body, {
        attributeFilter: ['data-state'],
      });
    });
    // The media ends first, and a cache says for a while that the stream is live.
    origin.mode = 'ended';
    origin.status = { status: 'live', reason: 'publisher-stopped' };
    await page.waitForFunction(() => window.headend.video.ended, null, { timeout: WAIT_MS });
    await visit.stateToBe('publisher-stopped');
    origin.status = {};
    await visit.stateToBe('ended');
    expect(await page.evaluate(() => (window as unknown as { readonly states: string[] }).states)).not.toContain(
      'playing',
    );
  },
);

testVisit('fills a phone, with large targets and readable words over a white picture', async (visit) => {
  const { origin, page } = visit;
  origin.shape = 'portrait';
  origin.status = { title: 'Standing tall', aspect: '9:16', hasAudio: true };
  await origin.goLive();
  await page.setViewportSize(PHONE);
  await visit.open(WATCH);
  await visit.stateToBe('playing');
  const player = page.locator('media-controller');
  expect(await player.boundingBox()).toEqual({ x: 0, y: 0, ...PHONE });
  await hasNoFindings(visit);
  await page.setViewportSize(PHONE_ON_ITS_SIDE);
  expect(await player.boundingBox()).toEqual({ x: 0, y: 0, ...PHONE_ON_ITS_SIDE });
  await page.setViewportSize(DESKTOP);
  const onDesktop = await player.boundingBox();
  expect((onDesktop?.width ?? 0) / (onDesktop?.height ?? 1)).toBeCloseTo(9 / 16, 1);

  for (const size of [PHONE, PHONE_ON_ITS_SIDE]) {
    await page.setViewportSize(size);
    await page.evaluate(() => window.headend.video.pause());
    const controls = page.locator(':is(media-control-bar, .top) :is(button, select, [role="button"])');
    for (const control of await controls.filter({ visible: true }).all()) {
      const { x, width, height } = (await control.boundingBox()) ?? { x: 0, width: 0, height: 0 };
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(TARGET_PIXELS);
      expect(x + width).toBeLessThanOrEqual(size.width);
    }
  }
  await page.addStyleTag({
    content:
      'video { background: #fff; filter: brightness(0) invert(1) } media-control-bar > *  , .caption { color: transparent !important } .dot { visibility: hidden }',
  });
  for (const selector of ['#live-button', '#quality', '.caption']) {
    expect(await contrastOfWhite(page, selector)).toBeGreaterThan(TEXT_CONTRAST);
  }
});
