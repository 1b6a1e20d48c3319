import { randomBytes } from 'node:crypto';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { TAG_KINDS } from '#domain/traces.ts';
import { makeTrace } from '#kit/stream-record.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createTraceStore, type TraceStore } from '#runtime/trace-store.ts';

const RECORDED_AT_MS = Date.parse('2026-01-02T03:04:05.678Z');
const DAY_MS = 24 * 3600 * 1000;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: TraceStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createTraceStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

const get = (nowMs = RECORDED_AT_MS) => store.get('stream-1', nowMs);
const traceOf = (secondsLater: number) => ({
  trace: makeTrace({ recordedAt: new Date(RECORDED_AT_MS + secondsLater * 1000).toISOString() }),
  requestedAtMs: null,
});

test('a trace is kept for a day, or until there is a newer one', async () => {
  expect(await get()).toBeNull();
  const first = { ...traceOf(0), requestedAtMs: 7 };
  await store.put(first);
  expect(await get()).toEqual(first);
  await store.put(traceOf(2));
  await store.put(traceOf(1));
  expect(await get()).toEqual(traceOf(2));
  expect(await get(RECORDED_AT_MS + DAY_MS)).toEqual(traceOf(2));
  expect(await get(RECORDED_AT_MS + DAY_MS + 2_000)).toBeNull();
});

test('nothing of a deleted stream is stored any more', async () => {
  await store.put(traceOf(0));
  await store.remove('stream-1', RECORDED_AT_MS);
  expect(await get()).toBeNull();
  await store.put(traceOf(1));
  expect(await get()).toBeNull();
});

test('the largest trace fits in an item', async () => {
  const numbers = (bytes: number) => Array.from({ length: 8_192 }, () => randomBytes(bytes).readUIntBE(0, bytes));
  const line = () => randomBytes(375).toString('base64');
  const [run] = makeTrace().runs;
  if (run === undefined) throw new Error('no run');
  const trace = makeTrace({
    runs: Array.from({ length: 10 }, () => ({ ...run, lastWords: Array.from({ length: 20 }, line) })),
    tags: {
      receivedAtMs: numbers(6),
      timestampMs: numbers(4),
      bytes: numbers(3),
      kind: numbers(1).map((value) => TAG_KINDS[value % TAG_KINDS.length] ?? 'audio'),
    },
  });
  await store.put({ trace, requestedAtMs: null });
  const stored = await get();
  expect(stored?.trace.tags.kind.at(-1)).toBe(trace.tags.kind.at(-1));
  expect(stored?.trace.tags.timestampMs).toHaveLength(stored?.trace.tags.kind.length ?? 0);
  const { Item } = await database.client.send(
    new GetCommand({ TableName: TEST_TABLES.LIVE_TABLE, Key: { streamId: 'trace/stream-1' } }),
  );
  expect(Item?.trace.length).toBeLessThan(300_000);
});
