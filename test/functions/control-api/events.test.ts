import type { TimelineEvent } from '#domain/events.ts';
import { TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createTimelineStore } from '#runtime/timeline-store.ts';
import { startControlApi } from '#test/support/control-api.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

let nowMs: number;
let api: ApiWithDatabase;

beforeAll(async () => {
  api = await startApiWithDatabase(() => nowMs);
});
beforeEach(() => {
  nowMs = Date.parse('2025-01-02T03:04:05.678Z');
});
afterAll(() => api.close());

async function createStream() {
  const { json } = await api.call('POST', '/api/streams', { body: { title: 'Old' } });
  nowMs += 1_000;
  return { id: json.id as string, path: `/api/streams/${json.id}`, playbackId: json.playbackId as string };
}

/** What a task has stored. */
const store = (event: TimelineEvent) => createTimelineStore({ client: api.client, tables: TEST_TABLES }).add(event);
const stamp = (id: string) => ({ id: id.repeat(16), time: new Date(nowMs).toISOString() });
const eventsOf = async (path: string) => (await api.call('GET', `${path}/events`)).json.events;

test('what was done to a stream is on its timeline, with who did it and which settings differ', async () => {
  const { json: token } = await api.call('POST', '/api/tokens', { body: { name: 'Anna', scope: 'streams:write' } });
  const { id, path } = await createStream();
  for (const [method, action, body] of [
    ['PATCH', path, { title: 'New' }],
    ['POST', `${path}/key`, undefined],
    ['POST', `${path}/stop`, undefined],
    ['POST', `${path}/purge`, undefined],
  ] as const) {
    await api.call(method, action, { token: token.token, ...(body && { body }) });
    nowMs += 1_000;
  }
  const changed = (action: string, fields: string[], by = 'Anna') => ({
    ...{ type: 'stream.changed', id: expect.any(String), time: expect.any(String), streamId: id },
    ...{ action, by, fields },
  });
  expect(await eventsOf(path)).toEqual([
    changed('POST /api/streams/{id}/purge', ['playbackId', 'formerPlaybackIds']),
    changed('POST /api/streams/{id}/stop', []),
    changed('POST /api/streams/{id}/key', []),
    changed('PATCH /api/streams/{id}', ['title']),
    changed('POST /api/streams', [], 'bootstrap'),
  ]);
});

test('what changes nothing is not: tokens, failures and repeats', async () => {
  const { path } = await createStream();
  const once = { 'Idempotency-Key': 'once' };
  await api.call('POST', `${path}/preview-tokens`);
  await api.call('PATCH', path, { body: { title: 7 } });
  await api.call('POST', `${path}/key`, once);
  await api.call('POST', `${path}/key`, once);
  expect((await eventsOf(path)).map(({ action }: { action: string }) => action)).toEqual([
    'POST /api/streams/{id}/key',
    'POST /api/streams',
  ]);
});

test('tasks and the API write on one timeline, page by page, and each stream has its own', async () => {
  const [one, other] = [await createStream(), await createStream()];
  const { id: streamId, playbackId } = one;
  const refusal: TimelineEvent = {
    ...{ type: 'stream.refused', streamId, ...stamp('a'), code: 'NetStream.Publish.BadName' },
    ...{ description: 'Not from here', sourceAddress: '192.0.2.1', count: 3 },
  };
  await store(refusal);
  nowMs += 1;
  const live: TimelineEvent = { type: 'stream.live', streamId, playbackId, ...stamp('b') };
  await store(live);
  const { json: first } = await api.call('GET', `${one.path}/events?limit=2`);
  expect(first.events).toEqual([live, refusal]);
  const { json: second } = await api.call('GET', `${one.path}/events?limit=2&cursor=${first.nextCursor}`);
  expect([second.events.length, second.events[0].action, second.nextCursor]).toEqual([1, 'POST /api/streams', null]);
  expect(await eventsOf(other.path)).toHaveLength(1);
});

test('a stream of another backend has a timeline once something has happened to it, and an unknown one has none', async () => {
  const webhook = await startControlApi(api.client, () => nowMs, { streamIndex: null });
  const path = '/api/streams/backend-channel_1/events';
  expect((await webhook.call('GET', path)).status).toBe(404);
  const live: TimelineEvent = { type: 'stream.live', streamId: 'backend-channel_1', playbackId: 'p', ...stamp('a') };
  await store(live);
  expect((await webhook.call('GET', path)).json.events).toEqual([live]);
  for (const { call } of [webhook, api])
    for (const id of ['aaaaaaaaaaaaaaaa', '%20'])
      expect((await call('GET', `/api/streams/${id}/events`)).status).toBe(404);
  expect((await api.call('GET', path)).status).toBe(404);
  await webhook.close();
});

test('a deleted stream has none', async () => {
  const { path } = await createStream();
  await api.call('DELETE', path);
  expect((await api.call('GET', `${path}/events`)).status).toBe(404);
});

test.each(['limit=0', 'limit=101', 'cursor=x'])('%s is a 422', async (query) => {
  const { path } = await createStream();
  expect((await api.call('GET', `${path}/events?${query}`)).status).toBe(422);
});
