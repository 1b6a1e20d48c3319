import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { makeTaskHeartbeat } from '#kit/task-record.ts';
import { EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import { LEASE_DURATION_MS } from '#runtime/live-store.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const KEY = { 'Idempotency-Key': 'once' };

let api: ApiWithDatabase;
let nowMs: number;
/** What happens while a request waits for the tasks. */
let whileWaiting: () => Promise<void>;

beforeEach(async () => {
  nowMs = Date.now();
  whileWaiting = async () => undefined;
  api = await startApiWithDatabase(() => nowMs, { pause: () => whileWaiting() });
});
afterEach(() => api.close());

async function create(body: unknown = {}) {
  const { json } = await api.call('POST', '/api/streams', { body });
  const { streamKey, ...stream } = json;
  return { stream, streamKey, path: `/api/streams/${stream.id}` };
}

/** A stream that task-1 holds. */
async function createLive(body: unknown = {}) {
  const created = await create(body);
  const holder = makeStreamHolder({ playbackId: created.stream.playbackId });
  await api.live.begin(makePublish(created.stream.id, { holder, nowMs }));
  return created;
}

const heartbeat = (streamId: string) => api.live.heartbeat(makeHeartbeat(streamId));
/** The task forgets the stream, as it does when it hears of a purge. */
const letGo = (streamId: string) => api.live.forget({ streamId, epoch: EPOCHS_PER_PUBLISH });
const invalidated = () => api.cdn.created.map(({ paths }) => paths);

async function statusOf(path: string, purgeId: string): Promise<string> {
  const { status, json } = await api.call('GET', `${path}/purges/${purgeId}`);
  expect([status, json.purgeId]).toEqual([200, purgeId]);
  return json.status;
}

describe('a purge', () => {
  test('of a stream that nobody holds changes its playback id and invalidates the old one, and has a status', async () => {
    const { stream, path } = await create();
    const { status, json, headers } = await api.call('POST', `${path}/purge`);
    const { purgeId } = json;
    expect([status, json]).toEqual([
      202,
      { purgeId, status: 'in-progress', requestedAt: expect.any(String), completedAt: null },
    ]);
    expect(headers.get('location')).toBe(`${path}/purges/${purgeId}`);
    expect(invalidated()).toEqual([[`/live/${stream.playbackId}/*`]]);
    const { json: purged } = await api.call('GET', path);
    expect(purged).toMatchObject({ title: stream.title, version: 2, status: 'idle' });
    expect(purged.playbackId).not.toBe(stream.playbackId);
    expect(purged).not.toHaveProperty('formerPlaybackIds');

    api.cdn.isCompleting = false;
    expect(await statusOf(path, purgeId)).toBe('in-progress');
    api.cdn.isCompleting = true;
    expect(await statusOf(path, purgeId)).toBe('completed');
    expect(await statusOf(path, purgeId)).toBe('completed');
    expect(api.cdn.created).toHaveLength(1);
  });

  test('of a live stream ends it, and invalidates when its task has let go', async () => {
    const { stream, path } = await createLive();
    const heard: unknown[] = [];
    whileWaiting = async () => {
      heard.push(await heartbeat(stream.id), invalidated());
      await letGo(stream.id);
    };
    const { json } = await api.call('POST', `${path}/purge`);
    expect(heard).toEqual([{ held: false, reason: 'purged' }, []]);
    expect(invalidated()).toEqual([[`/live/${stream.playbackId}/*`]]);
    expect(await statusOf(path, json.purgeId)).toBe('completed');
  });

  test('whose task does not answer invalidates all the same, and once more when it has let go', async () => {
    const { stream, path } = await createLive();
    const { status, json } = await api.call('POST', `${path}/purge`);
    expect([status, json.status]).toEqual([202, 'in-progress']);
    expect(api.cdn.created).toHaveLength(1);
    expect(await statusOf(path, json.purgeId)).toBe('in-progress');
    expect(api.cdn.created).toHaveLength(1);
    await letGo(stream.id);
    expect(await statusOf(path, json.purgeId)).toBe('in-progress');
    expect(invalidated()).toEqual([[`/live/${stream.playbackId}/*`], [`/live/${stream.playbackId}/*`]]);
    expect(await statusOf(path, json.purgeId)).toBe('completed');
  });

  describe('whose task has stopped reporting', () => {
    const purgeOf = async (streamIds: (id: string) => string[]) => {
      const { stream, path } = await createLive();
      await api.tasks.heartbeat(
        makeTaskHeartbeat({ taskId: 'task-1', streamIds: streamIds(stream.id), heartbeatUntilMs: nowMs + 1 }),
      );
      nowMs += LEASE_DURATION_MS;
      const { json } = await api.call('POST', `${path}/purge`);
      return { stream, path, purgeId: json.purgeId };
    };

    test('is not completed while nobody knows whether it still answers', async () => {
      const { path, purgeId } = await purgeOf((id) => [id]);
      expect(await statusOf(path, purgeId)).toBe('in-progress');
      expect(await statusOf(path, purgeId)).toBe('in-progress');
      // Another task has looked after its streams.
      await api.tasks.remove('task-1');
      await statusOf(path, purgeId);
      expect(await statusOf(path, purgeId)).toBe('completed');
    });

    test('is completed if it reports again, and does not have the stream', async () => {
      const { path, purgeId } = await purgeOf((id) => [id]);
      await api.tasks.heartbeat(makeTaskHeartbeat({ taskId: 'task-1', streamIds: [], heartbeatUntilMs: nowMs + 1 }));
      await statusOf(path, purgeId);
      expect(await statusOf(path, purgeId)).toBe('completed');
    });
  });

  test('takes every address that the stream had, and that of a broadcast which still has an older one', async () => {
    const { stream, path } = await createLive();
    const { json: protectedOne } = await api.call('PATCH', path, { body: { playback: 'token' } });
    await letGo(stream.id);
    await api.call('POST', `${path}/purge`);
    expect(invalidated()).toEqual([[`/live/${protectedOne.playbackId}/*`, `/live/${stream.playbackId}/*`, '/t/*']]);
  });

  test('leaves the key as it is, and refuses a publish that was allowed before and has not begun', async () => {
    const { stream, path } = await create();
    await api.call('POST', `${path}/purge`);
    expect(await api.live.begin(makePublish(stream.id, { version: 1 }))).toBeNull();
    expect(await api.live.begin(makePublish(stream.id, { version: 2 }))).not.toBeNull();
  });

  test('that the CDN does not accept is a 503, and its repeat completes it', async () => {
    const { stream, path } = await create();
    api.cdn.isAway = true;
    const refused = await api.call('POST', `${path}/purge`, KEY);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await api.call('GET', path)).json.version).toBe(2);
    api.cdn.isAway = false;
    const { status, json } = await api.call('POST', `${path}/purge`, KEY);
    expect(status).toBe(202);
    expect(invalidated()).toEqual([[`/live/${stream.playbackId}/*`]]);
    expect(await statusOf(path, json.purgeId)).toBe('completed');
    expect((await api.call('GET', path)).json.version).toBe(2);
  });

  test('that the CDN has forgotten is asked for again', async () => {
    const { path } = await create();
    const { json } = await api.call('POST', `${path}/purge`);
    api.cdn.created.length = 0;
    for (const status of ['in-progress', 'in-progress', 'completed'])
      expect(await statusOf(path, json.purgeId)).toBe(status);
    expect(api.cdn.created).toHaveLength(1);
  });

  test('is the same one if it is repeated with its key, and ends no broadcast that has begun since', async () => {
    const { stream, path } = await create();
    const first = await api.call('POST', `${path}/purge`, KEY);
    await api.live.begin(makePublish(stream.id, { version: 2 }));
    const second = await api.call('POST', `${path}/purge`, KEY);
    expect([second.status, second.json.purgeId]).toEqual([202, first.json.purgeId]);
    expect(await api.live.get(stream.id)).toMatchObject({ owner: 'connection-1' });
    expect((await api.call('GET', path)).json.version).toBe(2);
  });

  test('that was repeated without a key is another one, and takes the address of the first one too', async () => {
    const { stream, path } = await create();
    await api.call('POST', `${path}/purge`);
    const { json } = await api.call('GET', path);
    await api.call('POST', `${path}/purge`);
    expect(invalidated()).toEqual([
      [`/live/${stream.playbackId}/*`],
      [`/live/${json.playbackId}/*`, `/live/${stream.playbackId}/*`],
    ]);
  });

  test('of another version than the client knows is a 412, and purges nothing', async () => {
    const { stream, path } = await create();
    expect((await api.call('POST', `${path}/purge`, { 'If-Match': '"2"' })).status).toBe(412);
    expect((await api.call('GET', path)).json).toEqual(stream);
    expect(api.cdn.created).toEqual([]);
  });

  test('is one of several at once, or comes after another one; no address is left out', async () => {
    const { stream, path } = await create();
    const answers = await Promise.all(Array.from({ length: 4 }, () => api.call('POST', `${path}/purge`)));
    for (const { status } of answers) expect([202, 409]).toContain(status);
    expect(answers.some(({ status }) => status === 202)).toBe(true);
    expect(invalidated().flat()).toContain(`/live/${stream.playbackId}/*`);
  });

  test.each(['aaaaaaaaaaaaaaaa', 'unknown'])('of stream %s is a 404', async (id) => {
    expect((await api.call('POST', `/api/streams/${id}/purge`)).status).toBe(404);
  });

  test.each(['aaaaaaaaaaaaaaaa', 'unknown'])('%s is a 404', async (purgeId) => {
    const { path } = await create();
    expect((await api.call('GET', `${path}/purges/${purgeId}`)).status).toBe(404);
  });

  test('of one stream is not one of another', async () => {
    const [{ path }, other] = [await create(), await create()];
    const { json } = await api.call('POST', `${path}/purge`);
    expect((await api.call('GET', `${other.path}/purges/${json.purgeId}`)).status).toBe(404);
  });
});

describe('a deletion', () => {
  test('purges the stream, and the status can be read afterwards', async () => {
    const { stream, path } = await createLive({ playback: 'token' });
    await letGo(stream.id);
    const { status, headers } = await api.call('DELETE', path);
    expect(status).toBe(204);
    expect(invalidated()).toEqual([[`/live/${stream.playbackId}/*`, '/t/*']]);
    const purgeId = headers.get('location')?.split('/').at(-1) ?? '';
    expect(headers.get('location')).toBe(`${path}/purges/${purgeId}`);
    expect(await statusOf(path, purgeId)).toBe('completed');
  });

  test('of a stream that was never on air asks nothing of the CDN, which has nothing of it', async () => {
    const { path } = await create();
    const { status, headers } = await api.call('DELETE', path);
    const purgeId = headers.get('location')?.split('/').at(-1) ?? '';
    expect([status, await statusOf(path, purgeId), invalidated()]).toEqual([204, 'completed', []]);
  });

  test('that the CDN does not accept is a 503, and the next one completes it', async () => {
    const { stream, path } = await createLive();
    await letGo(stream.id);
    api.cdn.isAway = true;
    expect((await api.call('DELETE', path)).status).toBe(503);
    expect((await api.call('GET', path)).status).toBe(404);
    api.cdn.isAway = false;
    expect((await api.call('DELETE', path)).status).toBe(204);
    expect(invalidated()).toEqual([[`/live/${stream.playbackId}/*`]]);
  });

  test('has its task forget the stream, also one that waits for its publisher', async () => {
    const { stream, path } = await createLive();
    const broadcast = makeBroadcastState({ publisherGoneAtMs: nowMs });
    const waiting = makeHeartbeat(stream.id, { owner: null, broadcast });
    await api.live.heartbeat(waiting);
    expect((await api.call('DELETE', path)).status).toBe(204);
    expect(await api.live.heartbeat(waiting)).toEqual({ held: true, reason: 'deleted' });
  });
});
