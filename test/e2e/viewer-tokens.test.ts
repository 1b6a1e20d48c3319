import { readFile } from 'node:fs/promises';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { rememberSecret } from '#kit/secrets.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

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

/** A variable that a process was started with (proc(5)). */
async function variableOf(pid: number, name: string): Promise<string | undefined> {
  const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  return environment.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);
}

async function createViewerToken(streamId: string): Promise<{ readonly url: string; readonly watchUrl: string }> {
  const response = await platform.callApi('POST', `/streams/${streamId}/viewer-tokens`);
  expect(response.status).toBe(201);
  return response.json();
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

test('a stream with playback "token" plays with a token, and none of its files can be had without one', async () => {
  const stream = await platform.createStream({ playback: 'token' });
  const { url, watchUrl } = await createViewerToken(stream.id);
  const publisher = await publish(stream.publishUrl);
  await waitFor('a playable stream', async () => (await statusOf(url)) === 200);

  // From now on, the platform must not log it.
  const [task] = platform.tasks;
  const edgeSecret = await variableOf(task?.pid ?? 0, 'EDGE_SECRET');
  rememberSecret(edgeSecret ?? '');
  const direct = `${task?.httpUrl}/live/${stream.playbackId}/status.json`;
  expect((await fetch(direct, { headers: { [EDGE_SECRET_HEADER]: edgeSecret ?? '' } })).status).toBe(200);
  expect((await fetch(direct, { headers: { [EDGE_SECRET_HEADER]: 'x' } })).status).toBe(403);
  for (const pid of await platform.ffmpegPids()) expect(await variableOf(pid, 'EDGE_SECRET')).toBeUndefined();

  const page = await browser.newPage();
  const media: string[] = [];
  page.on('request', (request) => media.push(new URL(request.url()).pathname));
  await page.goto(watchUrl);
  await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 2, null, {
    timeout: 30_000,
  });
  const played = media.filter((path) => /\.(m3u8|mp4|m4s)$/.test(path));
  expect(played.filter((path) => path.endsWith('.m4s')).length).toBeGreaterThan(2);
  expect(played.filter((path) => !path.startsWith('/t/'))).toEqual([]);
  expect(browser.consoleErrors).toEqual([]);

  // The manifest of DASH names its files and the clock below its own address, with the token.
  const manifestUrl = url.replace('master.m3u8', 'manifest.mpd');
  const manifest = await (await fetch(manifestUrl)).text();
  const named = [/<UTCTiming [^>]*value="([^"]*)"/, /initialization="([^"]*)"/].map(
    (pattern) => pattern.exec(manifest)?.[1] ?? '/',
  );
  for (const name of named) expect(await statusOf(new URL(name, manifestUrl).href)).toBe(200);
  played.push(new URL(manifestUrl).pathname);

  // The files that were played, without the token in their paths.
  for (const path of new Set(played)) {
    const file = path.replace(/^\/t\/[^/]+/, '');
    expect(await statusOf(`${platform.playbackBaseUrl}${file}`)).toBe(403);
    // The task's own port asks for the edge's secret.
    expect(await statusOf(`${platform.tasks[0]?.httpUrl}${file}`)).toBe(403);
  }
  const other = await platform.createStream({ playback: 'token' });
  expect(await statusOf(url.replace(stream.playbackId, other.playbackId))).toBe(403);

  await page.goto(stream.watchUrl);
  await page.waitForSelector('body[data-state="expired"]');
  await page.close();
  await publisher.stop();
});
