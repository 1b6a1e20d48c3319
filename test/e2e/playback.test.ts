import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import type { TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

/** Two renditions to choose from, at a fifth of the CPU of the default ladder, so that playback does not stall for lack of it. */
const CLIP = { width: 640, height: 480, seconds: 8, videoKbps: 500 };
/** A stream waits 30 s for its publisher before it ends. */
const ENDED_TIMEOUT_MS = 60_000;
/** Playback that plays this much media after a disturbance counts as going on. */
const GOING_ON_SECONDS = 3;
/** Playback before and after FFmpeg's death is compared by the time that this much media takes. */
const COMPARED_SECONDS = 6;
/** A disturbance is compared with undisturbed playback on the same machine. `npm run bench` measures the times. */
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
  /** The page of the first test. Its stream ends while the other tests run, since that takes half a minute. */
  let endingPage: Page | undefined;
  const publishers: TestPublisher[] = [];

  beforeAll(async () => {
    // So that the picture freezes while a publisher is away.
    platform = await startTestPlatform({ slate: false });
    browser = await launchBrowser();
  });

  afterEach(async () => {
    await Promise.all(publishers.splice(0).map((publisher) => publisher.kill()));
  });

  afterAll(async () => {
    await browser.close();
    await closeTestPlatforms();
  });

  async function publishTo(stream: TestStream): Promise<TestPublisher> {
    const publisher = await publish(stream.publishUrl, CLIP);
    publishers.push(publisher);
    return publisher;
  }

  /** Opens a stream's page and waits until it plays. Marks the page, to see later that it was not loaded again. */
  async function watch(stream: TestStream): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(stream.watchUrl);
    await inState(page, 'playing');
    await playsOn(page);
    await page.evaluate(() => Object.assign(window, { wasNotReloaded: true }));
    return page;
  }

  const wasReloaded = (page: Page): Promise<boolean> => page.evaluate(() => !('wasNotReloaded' in window));

  test('starts to play by itself when the stream begins', async () => {
    const stream = await platform.createStream();
    const page = await browser.newPage();
    await page.goto(stream.watchUrl);
    await inState(page, 'starting-soon');
    const publisher = await publishTo(stream);
    await inState(page, 'playing');
    await playsOn(page);
    await publisher.stop();
    endingPage = page;
    expect(browser.consoleErrors).toEqual([]);
  });

  test('plays a stream without parts at less than its hold-back behind live', async () => {
    const stream = await platform.createStream({ latency: 'standard', ladder: '360p' });
    const publisher = await publishTo(stream);
    const page = await watch(stream);
    expect(await page.evaluate(() => window.headend.targetLatencySeconds)).toBeCloseTo(7.2, 6);
    await publisher.kill();
    await page.close();
    expect(browser.consoleErrors).toEqual([]);
  });

  test('plays on when FFmpeg is killed, and stalls for less time than it plays', async () => {
    const stream = await platform.createStream();
    await publishTo(stream);
    const page = await watch(stream);
    const undisturbedMs = await playsOn(page, COMPARED_SECONDS);
    // The newest one, since that of the test before may still run.
    const ffmpegPid = (await platform.ffmpegPids()).at(-1);
    process.kill(ffmpegPid ?? 0, 'SIGKILL');
    const disturbedMs = await playsOn(page, COMPARED_SECONDS);
    expect(disturbedMs / undisturbedMs).toBeLessThan(MAX_TIMES_AS_LONG);
    expect(await wasReloaded(page)).toBe(false);
    expect(await platform.log()).toContain('FFmpeg failed');
    await page.close();
    expect(browser.consoleErrors).toEqual([]);
  });

  test('plays on when the publisher is killed and comes back, about as soon as for a new viewer', async () => {
    const stream = await platform.createStream();
    const first = await publishTo(stream);
    const page = await watch(stream);
    const newViewerMs = await elapsedSince(first);
    await first.kill();
    // The player first plays everything that it has buffered.
    const stalledAt = await waitFor('the picture to freeze', async () => {
      const before = await currentTime(page);
      await page.waitForTimeout(1_000);
      return (await currentTime(page)) === before ? before : null;
    });
    const second = await publishTo(stream);
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
