import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createIdempotencyStore, IDEMPOTENCY_WINDOW_MS, type IdempotencyStore } from '#runtime/idempotency-store.ts';

const NOW_MS = 1_735_787_045_000;
const REQUEST = { requestKey: 'key-1', fingerprint: 'print-1', seed: 'seed-1', base: 1, nowMs: NOW_MS };
const FIRST = { fingerprint: 'print-1', seed: 'seed-1', startedAtMs: NOW_MS, base: 1, isDone: false };

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: IdempotencyStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createIdempotencyStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

test('a repeat gets the record of the first attempt, whatever it sends itself', async () => {
  expect(await store.begin(REQUEST)).toEqual(FIRST);
  const repeat = { ...REQUEST, fingerprint: 'print-2', seed: 'seed-2', base: 2, nowMs: NOW_MS + 1 };
  expect(await store.begin(repeat)).toMatchObject(FIRST);
  await store.finish('key-1');
  expect(await store.begin(repeat)).toMatchObject({ ...FIRST, isDone: true });
});

test('of simultaneous attempts one is first, and all get its record', async () => {
  const seeds = Array.from({ length: 8 }, (_, index) => `seed-${index}`);
  const records = await Promise.all(seeds.map((seed) => store.begin({ ...REQUEST, seed })));
  expect(new Set(records.map(({ seed }) => seed)).size).toBe(1);
});

test('a request with another key is another request', async () => {
  await store.begin(REQUEST);
  expect(await store.begin({ ...REQUEST, requestKey: 'key-2', seed: 'seed-2' })).toMatchObject({ seed: 'seed-2' });
});

test.each([
  [IDEMPOTENCY_WINDOW_MS - 1, 'seed-1', true],
  [IDEMPOTENCY_WINDOW_MS, 'seed-2', false],
])('%d ms later, the request with seed %s is found', async (laterMs, seed, isDone) => {
  await store.begin(REQUEST);
  await store.finish('key-1');
  const later = { ...REQUEST, seed: 'seed-2', nowMs: NOW_MS + laterMs };
  expect(await store.begin(later)).toMatchObject({ seed, isDone });
});

test('a request that has not begun cannot be finished', async () => {
  await expect(store.finish('key-1')).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
});

test.each([[null], [7], [{ owner: 'connection-1', wasLive: true }]])(
  'the base %j comes back unchanged',
  async (base) => {
    await store.begin({ ...REQUEST, base });
    expect(await store.begin({ ...REQUEST, base: 'another' })).toMatchObject({ base });
  },
);

test('a removal is remembered for as long as the request that created the thing may be repeated', async () => {
  await store.markRemoved({ thingId: 'stream-1', nowMs: NOW_MS });
  expect([await store.wasRemoved('stream-1'), await store.wasRemoved('stream-2')]).toEqual([true, false]);
  const { Items } = await database.client.send(new ScanCommand({ TableName: TEST_TABLES.IDEMPOTENCY_TABLE }));
  expect(Items?.map(({ expiresAtSeconds }) => expiresAtSeconds)).toEqual([(NOW_MS + IDEMPOTENCY_WINDOW_MS) / 1000]);
});
