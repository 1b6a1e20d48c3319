import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { makeClip } from '#kit/clip.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

/** Renditions to choose from, at a fifth of the CPU of the default ladder: other programs' load shall not be what stalls. */
const CLIP = { width: 640, height: 480, seconds: 8, videoKbps: 500 };
/** A stream waits 30 s for its publisher before it ends. */
const ENDED_TIMEOUT_MS = 60_000;
/** Media that must have played after a disturbance before playback counts as going on. */
const GOING_ON_SECONDS = 3;
/** Media by which playback before and after the death of FFmpeg is compared. */
const COMPARED_SECONDS = 6;
/** On the machine at hand: what a disturbance costs against what goes on without one. `npm run bench` has the times. */
const MAX_TIMES_AS_LONG = 2;

const currentTime = (page: Page): Promise<number> =>
  page.evaluate(() => document.querySelector('video')?.currentTime ?? 0);

/** Resolves once the page has played `seconds` more than now, to how long that took in milliseconds. */
async function playsOn(page: Page, seconds = GOING_ON_SECONDS): Promise<number> {
  const startedAtMs = Date.now();
  const from = await currentTime(page);
  await waitFor(`${seconds} s of playback`, async () => (await currentTime(page)) >= from + seconds);
  return Date.now() - startedAtMs;
}

/** How long the page took from a publisher's first packet until now, in milliseconds. */
async function elapsedSince(publisher: TestPublisher): Promise<number> {
  return Date.now() - ((await publisher.firstPacketAtMs) ?? Number.NaN);
}

async function inState(page: Page, state: string): Promise<void> {
  await page.waitForSelector(`body[data-state="${state}"]`, { timeout: 30_000 });
}

describe('the watch page', () => {
  let platform: TestPlatform;
  let browser: TestBrowser;
  let clipPath: string;
  /** Of the first test, whose stream ends while the others run: that takes half a minute. */
  let endingPage: Page | undefined;
  const publishers: TestPublisher[] = [];

  beforeAll(async () => {
    clipPath = await makeClip(CLIP);
    platform = await startTestPlatform();
    browser = await launchBrowser();
  });

  afterEach(async () => {
    await Promise.all(publishers.splice(0).map((publisher) => publisher.kill()));
  });

  afterAll(async () => {
    await browser.close();
    await closeTestPlatforms();
  });

  async function publish(stream: TestStream): Promise<TestPublisher> {
    const publisher = await startPublisher({ clipPath, rtmpUrl: stream.publishUrl });
    publishers.push(publisher);
    return publisher;
  }

  /** Opens a stream's page, starts it, and waits until it plays; notes that it was never loaded again. */
  async function watch(stream: TestStream): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(stream.watchUrl);
    await inState(page, 'playing');
    await playsOn(page);
    await page.evaluate(() => Object.assign(window, { wasNotReloaded: true }));
    return page;
  }

  const wasReloaded = (page: Page): Promise<boolean> => page.evaluate(() => !('wasNotReloaded' in window));

  test('begins by itself when a stream does', async () => {
    const stream = await platform.createStream();
    const page = await browser.newPage();
    await page.goto(stream.watchUrl);
    await inState(page, 'starting-soon');
    const publisher = await publish(stream);
    await inState(page, 'playing');
    await playsOn(page);
    await publisher.stop();
    endingPage = page;
    expect(browser.consoleErrors).toEqual([]);
  });

  test('plays on when FFmpeg is killed, and stands still for less time than it plays', async () => {
    const stream = await platform.createStream();
    await publish(stream);
    const page = await watch(stream);
    const undisturbedMs = await playsOn(page, COMPARED_SECONDS);
    // The newest: that of the test before may not have ended yet.
    const ffmpegPid = (await platform.ffmpegPids()).at(-1);
    process.kill(ffmpegPid ?? 0, 'SIGKILL');
    const disturbedMs = await playsOn(page, COMPARED_SECONDS);
    expect(disturbedMs / undisturbedMs).toBeLessThan(MAX_TIMES_AS_LONG);
    expect(await wasReloaded(page)).toBe(false);
    expect(await platform.log()).toContain('FFmpeg failed');
    await page.close();
    expect(browser.consoleErrors).toEqual([]);
  });

  test('plays on when the publisher is killed and comes back within 10 s, much as soon as a new viewer would', async () => {
    const stream = await platform.createStream();
    const first = await publish(stream);
    const page = await watch(stream);
    const newViewerMs = await elapsedSince(first);
    await first.kill();
    // Long enough for everything that was buffered to have been played.
    const stalledAt = await waitFor('the picture to stand still', async () => {
      const before = await currentTime(page);
      await page.waitForTimeout(1_000);
      return (await currentTime(page)) === before ? before : null;
    });
    const second = await publish(stream);
    await waitFor('playback to go on', async () => (await currentTime(page)) > stalledAt);
    await playsOn(page);
    expect((await elapsedSince(second)) / newViewerMs).toBeLessThan(MAX_TIMES_AS_LONG);
    expect(await wasReloaded(page)).toBe(false);
    await page.close();
    expect(browser.consoleErrors).toEqual([]);
  });

  test('says when the stream has ended', async () => {
    await endingPage?.waitForSelector('body[data-state="ended"]', { timeout: ENDED_TIMEOUT_MS });
    expect(endingPage).toBeDefined();
    expect(browser.consoleErrors).toEqual([]);
  });
});
