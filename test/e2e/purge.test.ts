import { waitFor } from '#kit/wait-for.ts';
import { fetchMediaPlaylist, publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

/** One with a single task, and one with two. */
let platforms: readonly [TestPlatform, TestPlatform];

beforeAll(async () => {
  platforms = await Promise.all([startTestPlatform(), startTestPlatform({ tasks: 2 })]);
});
afterAll(() => closeTestPlatforms());

interface Watched {
  /** Paths of files that viewers have had, with the token in front if there is one. */
  readonly paths: readonly string[];
  /** Whether the edge answers for the segment from its cache. */
  readonly xCache: string | null;
}

/** Watches a live stream, so that the edge caches a segment, a part and an init section. */
async function watch(platform: TestPlatform, folder: string): Promise<Watched> {
  const playlist = await waitFor('a segment', async () => {
    const text = await fetchMediaPlaylist({ liveUrl: folder } as TestStream, '360p');
    return /^\d+-\d+\.m4s$/m.test(text) && text;
  });
  const names = [/^\d+-\d+\.m4s$/m, /\d+-\d+\.\d+\.m4s/, /\d+-init\.mp4/].map(
    (pattern) => pattern.exec(playlist)?.[0] ?? '',
  );
  const files = ['master.m3u8', '360p/media.m3u8', ...names.map((name) => `360p/${name}`)];
  // Each task hears of a new stream within half a second. The edge asks them in turn.
  await waitFor('all tasks to know the stream', async () => {
    const answers = await Promise.all(platform.tasks.map(() => fetch(`${folder}/master.m3u8`)));
    return answers.every(({ ok }) => ok);
  });
  for (const file of files) {
    const answer = await fetch(`${folder}/${file}`);
    expect([file, answer.status, answer.headers.get('x-cache')]).toEqual([file, 200, 'Miss from local edge']);
    await answer.arrayBuffer();
  }
  const again = await fetch(`${folder}/${files[2]}`);
  await again.arrayBuffer();
  const base = new URL(platform.playbackBaseUrl).origin;
  return {
    paths: files.map((file) => `${folder.slice(base.length)}/${file}`),
    xCache: again.headers.get('x-cache'),
  };
}

interface Purge {
  readonly purgeId: string;
  readonly status: string;
}

async function isCompleted(platform: TestPlatform, streamId: string, { purgeId }: Purge): Promise<boolean> {
  const answer = await platform.callApi('GET', `/streams/${streamId}/purges/${purgeId}`);
  return ((await answer.json()) as Purge).status === 'completed';
}

/**
 * Expects that neither the edge nor any task answers for files that viewers have had. A task refuses protected files to
 * everybody but the edge.
 */
async function expectGone({ playbackBaseUrl, tasks }: TestPlatform, paths: readonly string[]): Promise<void> {
  const statusOf = async (url: string) => (await fetch(url)).status;
  for (const path of paths) {
    expect([path, await statusOf(`${playbackBaseUrl}${path}`)]).toEqual([path, 404]);
    const withoutToken = path.replace(/^\/t\/[^/]+/, '');
    const statuses = await Promise.all(tasks.map(({ httpUrl }) => statusOf(`${httpUrl}${withoutToken}`)));
    expect([path, ...statuses]).toEqual([path, ...tasks.map(() => (path === withoutToken ? 404 : 403))]);
  }
}

async function expectPurge(platform: TestPlatform, playback: 'public' | 'token'): Promise<void> {
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra', playback });
  const folderOf = async ({ liveUrl }: TestStream): Promise<string> => {
    if (playback === 'public') return liveUrl;
    const { url } = await (await platform.callApi('POST', `/streams/${stream.id}/viewer-tokens`)).json();
    return url.replace(/\/master\.m3u8$/, '');
  };
  const folder = await folderOf(stream);
  const publisher = await publish(stream.publishUrl);
  await waitUntilPlayable({ liveUrl: folder });
  const { paths, xCache } = await watch(platform, folder);
  expect(xCache).toBe('Hit from local edge');

  const answer = await platform.callApi('POST', `/streams/${stream.id}/purge`);
  expect(answer.status).toBe(202);
  const purge = (await answer.json()) as Purge;
  await expectGone(platform, paths);
  await waitFor('its completion', () => isCompleted(platform, stream.id, purge));
  await expectGone(platform, paths);
  expect((await publisher.exited).code).not.toBe(0);

  const { playbackId } = await (await platform.callApi('GET', `/streams/${stream.id}`)).json();
  expect(playbackId).not.toBe(stream.playbackId);
  const next = await publish(stream.publishUrl);
  await waitUntilPlayable({
    liveUrl: await folderOf({ ...stream, liveUrl: stream.liveUrl.replace(stream.playbackId, playbackId) }),
  });
  await expectGone(platform, paths);
  await next.kill();
}

// Streams of the same task do not disturb each other.
test.concurrent('a purge leaves nothing of a protected stream on its task and at the edge', () =>
  expectPurge(platforms[0], 'token'));

test.concurrent('a deletion leaves nothing either, and the end of its purge can be read', async () => {
  const [platform] = platforms;
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra' });
  const publisher = await publish(stream.publishUrl);
  await waitUntilPlayable(stream);
  const { paths } = await watch(platform, stream.liveUrl);
  const answer = await platform.callApi('DELETE', `/streams/${stream.id}`);
  expect(answer.status).toBe(204);
  await expectGone(platform, paths);
  const purgeId = answer.headers.get('location')?.split('/').at(-1) ?? '';
  await waitFor('its completion', () => isCompleted(platform, stream.id, { purgeId, status: '' }));
  await publisher.exited;
});

// The edge asks tasks in turn. Another test must not change whose turn it is.
test('a purge leaves nothing of a public stream on two tasks and at the edge', () =>
  expectPurge(platforms[1], 'public'));

test('a publisher that comes back at once, at another task, is seen at the new address only', async () => {
  const [, platform] = platforms;
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra' });
  const publisher = await publish(stream.publishUrl);
  await waitUntilPlayable(stream);
  const { paths } = await watch(platform, stream.liveUrl);
  const purging = platform.callApi('POST', `/streams/${stream.id}/purge`);
  await publisher.exited;
  const returned = await publish(stream.publishUrl);
  const purge = (await (await purging).json()) as Purge;
  const { playbackId } = await (await platform.callApi('GET', `/streams/${stream.id}`)).json();
  await waitUntilPlayable({ liveUrl: `${platform.playbackBaseUrl}/live/${playbackId}` });
  await waitFor('its completion', () => isCompleted(platform, stream.id, purge));
  await expectGone(platform, paths);
  await returned.kill();
});
