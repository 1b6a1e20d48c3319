import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { TimelineEvent } from '#domain/events.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createTimelineStore, type TimelineStore } from '#runtime/timeline-store.ts';

const NOW_MS = Date.parse('2026-01-31T03:04:05.678Z');
const DAY_MS = 24 * 3600 * 1000;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: TimelineStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createTimelineStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

const liveAt = (atMs: number, id: string, streamId = 'stream-1'): TimelineEvent => ({
  ...{ type: 'stream.live', id: `${id.repeat(16)}`, time: new Date(atMs).toISOString() },
  ...{ streamId, playbackId: 'playback-1' },
});
const list = (settings: { streamId?: string; limit?: number; position?: string | null; nowMs?: number } = {}) =>
  store.list({ streamId: 'stream-1', limit: 10, position: null, nowMs: NOW_MS, ...settings });

test('events are listed by stream, the newest first, also those of one millisecond', async () => {
  const events = [liveAt(NOW_MS, 'b'), liveAt(NOW_MS, 'a'), liveAt(NOW_MS - 1, 'z')];
  for (const event of [...events.toReversed(), liveAt(NOW_MS, 'c', 'stream-2')]) await store.add(event);
  expect(await list()).toEqual({ events, nextPosition: null });
  expect(await list({ streamId: 'stream-3' })).toEqual({ events: [], nextPosition: null });
});

test('a page goes on where the one before has ended', async () => {
  const events = ['c', 'b', 'a'].map((id, index) => liveAt(NOW_MS - index, id));
  for (const event of events) await store.add(event);
  const first = await list({ limit: 2 });
  expect(first.events).toEqual(events.slice(0, 2));
  expect(await list({ limit: 2, position: first.nextPosition })).toEqual({
    events: events.slice(2),
    nextPosition: null,
  });
});

test('after thirty days an event is not listed, and the database deletes it', async () => {
  const old = liveAt(NOW_MS - 30 * DAY_MS, 'a');
  const events = [liveAt(NOW_MS, 'b'), old];
  for (const event of events) await store.add(event);
  expect((await list()).events).toEqual(events);
  expect(await list({ nowMs: NOW_MS + 1, limit: 2 })).toEqual({ events: events.slice(0, 1), nextPosition: null });
  const position = `${String(Date.parse(old.time)).padStart(15, '0')}-${old.id}`;
  const Key = { streamId: 'stream-1', position };
  const { Item } = await database.client.send(new GetCommand({ TableName: TEST_TABLES.EVENTS_TABLE, Key }));
  expect(Item?.expiresAtSeconds).toBe(Math.ceil(NOW_MS / 1000));
});
