import { findEncodingTask } from '#kit/encoder-processes.ts';
import { waitFor } from '#kit/wait-for.ts';
import { fetchMediaPlaylist, publish, SMALL_CLIP, waitUntilPlayable } from '#test/support/broadcast.ts';
import { everyTaskSays } from '#test/support/cluster.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform({ tasks: 2 });
});
afterAll(closeTestPlatforms);

/** A stream that was on air, and whose publisher has gone. */
async function goneOffAir(stream: TestStream): Promise<void> {
  const publisher = await publish(stream.publishUrl, SMALL_CLIP);
  await waitUntilPlayable(stream);
  await everyTaskSays(platform, stream, 'live');
  await waitFor('the API to know', async () => (await shown(stream)).status === 'live');
  await publisher.kill();
}

async function stop({ id }: TestStream): Promise<void> {
  expect((await platform.callApi('POST', `/streams/${id}/stop`)).status).toBe(202);
}

const ended = (stream: TestStream) =>
  waitFor('the end of the playlist', async () =>
    (await fetchMediaPlaylist(stream, '360p').catch(() => '')).includes('#EXT-X-ENDLIST'),
  );

const shown = async ({ id }: TestStream) => (await platform.callApi('GET', `/streams/${id}`)).json();

test('a stop while the publisher is away ends the playlists, and the next publish is another broadcast', async () => {
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra' });
  await goneOffAir(stream);
  await waitFor('the publisher to be missed', async () => (await shown(stream)).publisher.state === 'away');
  expect((await shown(stream)).status).toBe('live');
  await stop(stream);
  await ended(stream);
  expect(await shown(stream)).toMatchObject({ status: 'idle', publisher: { state: 'none', since: null } });
  const next = await publish(stream.publishUrl, SMALL_CLIP);
  await waitFor(
    'the next broadcast',
    async () => !(await fetchMediaPlaylist(stream, '360p')).includes('#EXT-X-ENDLIST'),
  );
  await next.kill();
  await stop(stream);
});

test('a stop ends the playlists of a task that has died, before the others count it as lost', async () => {
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra' });
  const publisher = await publish(stream.publishUrl, SMALL_CLIP);
  await waitUntilPlayable(stream);
  await everyTaskSays(platform, stream, 'live');
  const { pid, taskId } = await findEncodingTask(platform.pid);
  process.kill(pid, 'SIGKILL');
  await publisher.exited;
  await stop(stream);
  await ended(stream);
  const { tasks } = (await (await platform.callApi('GET', '/tasks')).json()) as { readonly tasks: readonly object[] };
  expect(tasks).toContainEqual(expect.objectContaining({ id: taskId, state: 'active' }));
});
