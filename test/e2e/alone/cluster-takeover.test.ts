import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { makeClip } from '#kit/clip.ts';
import { findEncodingTask, findTaskProcesses } from '#kit/encoder-processes.ts';
import { epochsIn } from '#kit/epochs.ts';
import { openHlsJsPage } from '#kit/hls-js-page.ts';
import { PlaylistPoller } from '#kit/playlist-poller.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import type { ReturningPublisher } from '#kit/returning-publisher.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import { waitFor } from '#kit/wait-for.ts';
import { SMALL_CLIP } from '#test/support/broadcast.ts';
import {
  everyTaskSays,
  fetchText,
  holders,
  liveUrls,
  playsOn,
  publishAndReturn,
  replaced,
  STREAM_FILES,
} from '#test/support/cluster.ts';
import { type EventReader, followEvents } from '#test/support/event-reader.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

/** Shorter than usual, since a test waits for it. Longer than a killed task counts as alive. */
const RECONNECT_WINDOW_SECONDS = '15';
/** The time in which the frozen task would have renewed its lease several times. */
const FROZEN_ANSWERS = 240;

let platform: TestPlatform;
let browser: TestBrowser;
let events: EventReader;
let stream: TestStream;
let poller: PlaylistPoller;
let witness: StreamWitness;
const publishers: (TestPublisher | ReturningPublisher)[] = [];

beforeAll(async () => {
  const environment = { RECONNECT_WINDOW_SECONDS };
  [platform, browser] = await Promise.all([startTestPlatform({ tasks: 3, environment }), launchBrowser()]);
  events = await followEvents(`${platform.apiUrl}/events`, platform.adminToken);
});
beforeEach(async () => {
  stream = await platform.createStream({ ladder: '360p' });
});
afterEach(async () => {
  poller.stop();
  await Promise.all(publishers.splice(0).map((publisher) => publisher.stop()));
  await platform.callApi('DELETE', `/streams/${stream.id}`);
});
afterAll(async () => {
  events.close();
  await browser.close();
  await closeTestPlatforms();
});

/** Without restarts of FFmpeg, which a busy machine causes. */
const eventTypes = (): string[] =>
  events.events
    .filter(({ streamId, type }) => streamId === stream.id && type.startsWith('stream.'))
    .map(({ type }) => type);

/** Begins to ask all tasks for everything but media. */
async function pollWhenLive(): Promise<void> {
  await everyTaskSays(platform, stream, 'live');
  witness = new StreamWitness();
  poller = new PlaylistPoller({ liveUrls: liveUrls(platform, stream), files: STREAM_FILES, witness });
}

async function publishReturning(): Promise<void> {
  publishers.push(await publishAndReturn(stream.publishUrl));
  await pollWhenLive();
}

async function publishOn(index: number): Promise<TestPublisher> {
  const rtmpUrl = `${platform.tasks[index]?.rtmpUrl}/${stream.streamKey}`;
  const publisher = await startPublisher({ clipPath: await makeClip(SMALL_CLIP), rtmpUrl });
  publishers.push(publisher);
  return publisher;
}

/** Remembers the runs that viewers know. The function waits until all tasks have media of another one. */
async function rememberRuns(): Promise<() => Promise<unknown>> {
  const known = new Set((await allPlaylists()).flatMap(epochsIn));
  const isNew = (epoch: string): boolean => !known.has(epoch);
  return () =>
    waitFor('a new run at every task', async () =>
      (await allPlaylists()).every((playlist) => epochsIn(playlist).some(isNew)),
    );
}

/** How many discontinuities a playlist has had so far. */
const discontinuities = (playlist: string): number =>
  Number(/#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)/.exec(playlist)?.[1] ?? 0) +
  (playlist.match(/^#EXT-X-DISCONTINUITY$/gm) ?? []).length;

/** Of the newest run, and whether the publisher was away in the middle of it. */
const newestConnection = (playlist: string): number =>
  Math.max(0, ...epochsIn(playlist).map(Number)) + discontinuities(playlist);

/** The function waits until all tasks have media of another connection. */
async function rememberConnection(): Promise<() => Promise<unknown>> {
  const known = Math.max(...(await allPlaylists()).map(newestConnection));
  return () =>
    waitFor('another run, or a discontinuity, at every task', async () =>
      (await allPlaylists()).every((playlist) => newestConnection(playlist) > known),
    );
}

const allPlaylists = async (): Promise<string[]> =>
  Promise.all(liveUrls(platform, stream).map(async (url) => (await fetchText(`${url}/360p/media.m3u8`)) ?? ''));

test('a publisher that goes from task to task keeps the task that encodes, and has one presentation at all of them', async () => {
  let current = await publishOn(0);
  await pollWhenLive();
  const encoding = await findEncodingTask(platform.pid);
  const page = await openHlsJsPage(browser, `${stream.liveUrl}/master.m3u8`);
  await playsOn(page);
  for (const [hop, index] of [1, 0, 2, 1].entries()) {
    const goesOn = await rememberConnection();
    // A broadcaster's old connection may have been closed, or may be known to nobody but the server.
    if (hop % 2 === 0) await current.kill();
    const last = current;
    current = await publishOn(index);
    await goesOn();
    await last.exited;
  }
  await playsOn(page, 4);
  await page.close();
  expect((await findEncodingTask(platform.pid)).taskId).toBe(encoding.taskId);
  poller.stop();
  expect(witness.contradictions()).toEqual([]);
  expect(witness.failures()).toEqual([]);
  expect(witness.statuses()).toEqual(['live']);
  expect(witness.hasEndList).toBe(false);
  expect(eventTypes()).toEqual(['stream.live']);
});

test('a task that was suspended while another took its stream serves nothing old', async () => {
  const first = await publishOn(0);
  await pollWhenLive();
  const [zombie] = await findTaskProcesses(platform.pid);
  const [, frozenUrl = '', livingUrl = ''] = liveUrls(platform, stream);
  process.kill(zombie?.pid ?? 0, 'SIGSTOP');
  try {
    await first.kill();
    await publishOn(1);
    const before = poller.answersFrom(livingUrl);
    await waitFor('answers of the others', () => poller.answersFrom(livingUrl) >= before + FROZEN_ANSWERS);
  } finally {
    process.kill(zombie?.pid ?? 0, 'SIGCONT');
  }
  const before = poller.answersFrom(frozenUrl);
  await waitFor('answers of the task that was suspended', () => poller.answersFrom(frozenUrl) >= before + 60);
  const [owner] = await waitFor('one holder', async () => {
    const all = await holders(platform, stream);
    return all.length === 1 ? all : null;
  });
  expect(owner).toBe((await findEncodingTask(platform.pid)).taskId);
  expect(owner).not.toBe(zombie?.taskId);
  poller.stop();
  expect(witness.contradictionsBesidesLosses()).toEqual([]);
  expect(witness.hasEndList).toBe(false);
  expect(eventTypes()).toEqual(['stream.live']);
});

test('players play on when the task that encodes is killed and the publisher comes back', async () => {
  await publishReturning();
  const page = await browser.newPage();
  await page.goto(stream.watchUrl);
  const stock = await openHlsJsPage(browser, `${stream.liveUrl}/master.m3u8`);
  for (const each of [page, stock]) {
    await playsOn(each);
    await each.evaluate(() => Object.assign(window, { wasNotReloaded: true }));
  }
  const owner = await findEncodingTask(platform.pid);
  const goesOn = await rememberRuns();
  process.kill(owner.pid, 'SIGKILL');
  await goesOn();
  for (const each of [page, stock]) {
    await playsOn(each, 4);
    expect(await each.evaluate(() => 'wasNotReloaded' in window)).toBe(true);
    await each.close();
  }
  await replaced(platform, owner);
  poller.stop();
  expect(witness.contradictionsBesidesLosses()).toEqual([]);
  expect(witness.statuses()).toEqual(['live']);
  expect(witness.hasEndList).toBe(false);
  expect(eventTypes()).toEqual(['stream.live']);
});

test('a stream ends everywhere, once, if its task is killed and its publisher stays away', async () => {
  const publisher = await publishOn(0);
  await pollWhenLive();
  const owner = await findEncodingTask(platform.pid);
  process.kill(owner.pid, 'SIGKILL');
  await publisher.kill();
  await everyTaskSays(platform, stream, 'ended');
  await waitFor('the end of every playlist', async () =>
    (await allPlaylists()).every((playlist) => playlist.includes('#EXT-X-ENDLIST')),
  );
  for (const url of liveUrls(platform, stream))
    expect(await fetchText(`${url}/master.m3u8`)).toContain('360p/media.m3u8');
  await waitFor('the event', () => eventTypes().includes('stream.ended'));
  // Tasks that are asked again do not end it again.
  const [url = ''] = liveUrls(platform, stream);
  const before = poller.answersFrom(url);
  await waitFor('more answers', () => poller.answersFrom(url) >= before + 60);
  poller.stop();
  expect(witness.contradictionsBesidesLosses()).toEqual([]);
  expect(witness.statuses()).toEqual(['live', 'ended']);
  expect(eventTypes()).toEqual(['stream.live', 'stream.ended']);
});
