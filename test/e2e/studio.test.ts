import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { rememberSecret } from '#kit/secrets.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish, SMALL_CLIP } from '#test/support/broadcast.ts';
import { lookAt, PAGE_SIZES } from '#test/support/page-look.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

/** Keyframes come so rarely that the studio has to say so. */
const RARE_KEYFRAMES = { ...SMALL_CLIP, seconds: 48, keyframeSeconds: 8 };
const WAIT_MS = 60_000;
/** Chromium says so of every status of 400 and above: that of the session before somebody signs in, and health.json before its start. */
const NETWORK_MESSAGE = 'Failed to load resource';

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

/** A browser of its own, with its own cookies. */
async function openBrowser(url: string, size: keyof typeof PAGE_SIZES): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.setViewportSize(PAGE_SIZES[size]);
  await page.goto(url);
  return page;
}

const isPlaying = (state: () => Promise<string | undefined>) =>
  waitFor('playback', async () => (await state()) === 'playing', { timeoutMs: WAIT_MS });

test('a broadcaster is invited, creates a stream, checks it, goes live, learns what is wrong, and ends it', async () => {
  const findings: string[] = [];
  const look = async (page: Page, name: string) => findings.push(...(await lookAt(page, name)));

  const owner = await openBrowser(`${platform.playbackBaseUrl}/studio`, 'desktop');
  await owner.getByRole('heading', { name: 'Sign in to the studio' }).waitFor();
  await look(owner, 'studio-sign-in');
  await owner.goto(platform.studioUrl);
  await owner.getByRole('link', { name: 'My stream' }).waitFor();
  expect(owner.url()).not.toContain('invite');
  await look(owner, 'studio-streams');
  await owner.getByRole('link', { name: 'People' }).click();
  await owner.getByLabel('Name').fill('Grace');
  await owner.getByRole('button', { name: 'Make a link' }).click();
  const link = await owner.getByLabel('Send this link', { exact: true }).inputValue();
  rememberSecret(new URL(link).hash.replace('#invite=', ''));
  await look(owner, 'studio-people');

  // A broadcaster sees no stream of others.
  const studio = await openBrowser(link, 'phone');
  await studio.getByText('No streams yet').waitFor();
  expect(await studio.getByRole('link', { name: 'People' }).count()).toBe(0);
  await look(studio, 'studio-no-streams');
  const create = studio.getByRole('button', { name: 'New stream' }).first();
  await create.press('Enter');
  await studio.keyboard.press('Escape');
  await waitFor('the focus to come back', () => create.evaluate((button) => button === document.activeElement));
  await create.press('Enter');
  await studio.getByLabel('Title').fill('Night <b>show</b>');
  await studio.getByLabel('Quality').selectOption('360p');
  await studio.getByText('About 1 second').click();
  await studio.getByText('When you press “Go live”').click();
  await look(studio, 'studio-new-stream');
  await studio.getByRole('button', { name: 'Create stream' }).click();
  await studio.getByRole('heading', { name: 'Night <b>show</b>' }).waitFor();
  const server = await studio.getByLabel('Server', { exact: true }).inputValue();
  const key = await studio.getByLabel('Stream key', { exact: true }).inputValue();
  rememberSecret(key);
  const watchUrl = await studio.getByLabel('Watch page', { exact: true }).inputValue();
  await look(studio, 'studio-stream-idle');

  const requests: number[] = [];
  studio.on('request', (request) => {
    if (new URL(request.url()).pathname.startsWith('/api/')) requests.push(performance.now());
  });
  const viewer = await openBrowser(watchUrl, 'desktop');
  const publisher = await publish(`${server}/${key}`, RARE_KEYFRAMES);
  const preview = studio.frameLocator('iframe');
  await isPlaying(() =>
    preview
      .locator('body')
      .getAttribute('data-state')
      .then((state) => state ?? undefined),
  );
  expect(await viewer.evaluate(() => window.headend.state)).toBe('starting-soon');
  await studio.getByText(/Keyframes come every 8 s; set the keyframe interval to 2 s/).waitFor();
  await studio.getByText(/s behind/).waitFor();
  await look(studio, 'studio-preview');

  await studio.getByRole('button', { name: 'Go live' }).press('Enter');
  await isPlaying(() => viewer.evaluate(() => window.headend.state));
  await studio.getByText('Viewers can watch').waitFor();
  await isPlaying(() =>
    preview
      .locator('body')
      .getAttribute('data-state')
      .then((state) => state ?? undefined),
  );
  await look(studio, 'studio-live');
  await owner.getByRole('link', { name: 'Streams', exact: true }).click();
  await owner.getByRole('link', { name: /Night/ }).waitFor();
  await owner.waitForFunction(
    () => (document.querySelector<HTMLImageElement>('.stream-poster img')?.naturalWidth ?? 0) > 0,
  );
  await look(owner, 'studio-streams-live');

  await studio.getByRole('button', { name: 'End stream' }).click();
  await studio.getByRole('dialog').getByRole('button', { name: 'End stream' }).click();
  await waitFor('the end', async () => (await viewer.evaluate(() => window.headend.state)) === 'ended');
  await studio.getByRole('button', { name: 'Go live' }).waitFor();
  await publisher.stop();

  const streamId = studio.url().split('/').at(-1);
  await platform.callApi('PATCH', `/streams/${streamId}`, { allowedSources: ['192.0.2.1'] });
  await (await publish(`${server}/${key}`)).exited;
  await studio.getByText(/Refused: This stream can't be published from the address 127\.0\.0\.1/).waitFor();
  await look(studio, 'studio-stream-refused');

  // Two seconds between requests of the API. A change by the broadcaster is one more, and asks at once what it has changed.
  const seconds = ((requests.at(-1) ?? 0) - (requests[0] ?? 0)) / 1_000;
  const byHand = 8;
  expect(requests.length - byHand).toBeLessThanOrEqual(seconds / 2);
  await studio.getByRole('button', { name: 'Sign out' }).click();
  await studio.getByRole('heading', { name: 'Sign in to the studio' }).waitFor();
  expect(findings).toEqual([]);
  expect(browser.consoleErrors.filter((each) => !each.startsWith(NETWORK_MESSAGE))).toEqual([]);
});
