import { createServer } from 'node:http';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { StreamHealth } from '#domain/streams.ts';
import { STREAM_HEALTH } from '#kit/stream-record.ts';
import { documentClientFor, startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import {
  createLiveStore,
  type EndRequest,
  EPOCHS_PER_PUBLISH,
  LEASE_DURATION_MS,
  type LiveStore,
} from '#runtime/live-store.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

const NOW_MS = 1_000_000;
const STARTED_AT = '2025-01-02T03:04:05.000Z';
const START = { streamId: 'stream-1', owner: 'connection-1', version: 1, startedAt: STARTED_AT, nowMs: NOW_MS };
const STOP = { streamId: 'stream-1', reason: 'stopped', nowMs: NOW_MS } as const;
const HEALTH: StreamHealth = { ...STREAM_HEALTH, audioCodec: null };

const TAKEN_OVER = { held: false, reason: null };

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: LiveStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createLiveStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

test('a publish that begins owns the stream until its lease ends', async () => {
  expect(await store.begin(START)).toEqual({ firstEpoch: 1 });
  expect(await store.get('stream-1')).toEqual({
    streamId: 'stream-1',
    owner: 'connection-1',
    epoch: EPOCHS_PER_PUBLISH,
    startedAt: START.startedAt,
    leaseUntilMs: START.nowMs + LEASE_DURATION_MS,
    health: null,
  });
});

test('a heartbeat of the owner renews the lease and stores the health', async () => {
  await store.begin(START);
  const beat = { streamId: 'stream-1', owner: 'connection-1', leaseUntilMs: 2_000_000, health: HEALTH };
  expect(await store.heartbeat(beat)).toEqual({ held: true });
  expect(await store.get('stream-1')).toMatchObject({ leaseUntilMs: 2_000_000, health: HEALTH, owner: 'connection-1' });
});

test('a publish that was replaced can neither renew nor end its successor', async () => {
  await store.begin(START);
  await store.begin({ ...START, owner: 'connection-2' });
  const late = { streamId: 'stream-1', owner: 'connection-1' };
  expect(await store.heartbeat({ ...late, leaseUntilMs: 9_000_000, health: HEALTH })).toEqual(TAKEN_OVER);
  expect(await store.end(late)).toBe(false);
  expect(await store.get('stream-1')).toMatchObject({
    owner: 'connection-2',
    leaseUntilMs: START.nowMs + LEASE_DURATION_MS,
    health: null,
  });
});

test('a late heartbeat does not bring a publish back that has ended', async () => {
  await store.begin(START);
  expect(await store.end({ streamId: 'stream-1', owner: 'connection-1' })).toBe(true);
  const late = { streamId: 'stream-1', owner: 'connection-1', leaseUntilMs: 9_000_000, health: null };
  expect(await store.heartbeat(late)).toEqual(TAKEN_OVER);
  expect(await store.end({ streamId: 'stream-1', owner: 'connection-1' })).toBe(false);
  expect(await store.get('stream-1')).toBeNull();
});

test('a stream that was never live has no record, and a heartbeat does not create one', async () => {
  const beat = { streamId: 'stream-1', owner: 'connection-1', leaseUntilMs: 9_000_000, health: null };
  expect(await store.heartbeat(beat)).toEqual(TAKEN_OVER);
  expect(await store.get('stream-1')).toBeNull();
});

const LASTING_ENDS = (['key-rotated', 'deleted'] as const).map(
  (reason) => ({ streamId: 'stream-1', reason, minVersion: 2, nowMs: NOW_MS }) as const,
);

test.each([STOP, ...LASTING_ENDS])(
  'a publish learns from its heartbeat that its stream was $reason',
  async ({ reason, ...request }) => {
    await store.begin(START);
    expect(await store.requestEnd({ reason, ...request } as EndRequest)).toBe(true);
    expect(await store.get('stream-1')).toBeNull();
    const beat = { streamId: 'stream-1', owner: 'connection-1', leaseUntilMs: 9_000_000, health: HEALTH };
    expect(await store.heartbeat(beat)).toEqual({ held: false, reason });
    expect(await store.heartbeat(beat)).toEqual({ held: false, reason });
    expect(await store.end({ streamId: 'stream-1', owner: 'connection-1' })).toBe(false);
  },
);

test('a stop does not affect the next publish', async () => {
  await store.begin(START);
  await store.requestEnd(STOP);
  await store.begin({ ...START, owner: 'connection-2' });
  const beat = { streamId: 'stream-1', leaseUntilMs: 9_000_000, health: null };
  expect(await store.heartbeat({ ...beat, owner: 'connection-2' })).toEqual({ held: true });
  expect(await store.heartbeat({ ...beat, owner: 'connection-1' })).toEqual(TAKEN_OVER);
  expect(await store.end({ streamId: 'stream-1', owner: 'connection-2' })).toBe(true);
  expect(await store.heartbeat({ ...beat, owner: 'connection-2' })).toEqual(TAKEN_OVER);
});

test('a stop of one publisher does not affect another', async () => {
  await store.begin(START);
  expect(
    await store.requestEnd({ streamId: 'stream-1', reason: 'stopped', owner: 'connection-0', nowMs: NOW_MS }),
  ).toBe(false);
  expect(await store.get('stream-1')).toMatchObject({ owner: START.owner });
  expect(await store.requestEnd({ streamId: 'stream-1', reason: 'stopped', owner: START.owner, nowMs: NOW_MS })).toBe(
    true,
  );
  expect(await store.get('stream-1')).toBeNull();
});

test('if nobody publishes, there is nothing to end', async () => {
  expect(await store.requestEnd(STOP)).toBe(false);
  await store.begin(START);
  await store.end({ streamId: 'stream-1', owner: START.owner });
  expect(await store.requestEnd(STOP)).toBe(false);
  const beat = { streamId: 'stream-1', owner: START.owner, leaseUntilMs: 9_000_000, health: null };
  expect(await store.heartbeat(beat)).toEqual(TAKEN_OVER);
});

test('a stop of an idle stream refuses nobody', async () => {
  await store.requestEnd(STOP);
  expect(await store.begin(START)).toEqual({ firstEpoch: 1 });
});

test('a publisher whose lease has expired is no longer live, and is stopped all the same', async () => {
  await store.begin(START);
  expect(await store.requestEnd({ ...STOP, nowMs: NOW_MS + LEASE_DURATION_MS })).toBe(false);
  const beat = { streamId: 'stream-1', owner: START.owner, leaseUntilMs: 9_000_000, health: null };
  expect(await store.heartbeat(beat)).toEqual({ held: false, reason: 'stopped' });
});

describe.each(LASTING_ENDS)('$reason', (request) => {
  test('refuses a publish that was allowed before, however late it begins, and even after another publish', async () => {
    expect(await store.requestEnd(request)).toBe(false);
    expect(await store.begin(START)).toBeNull();
    expect(await store.get('stream-1')).toBeNull();
    await store.begin({ ...START, version: 2, owner: 'connection-2' });
    expect(await store.begin(START)).toBeNull();
    expect(await store.get('stream-1')).toMatchObject({ owner: 'connection-2', epoch: EPOCHS_PER_PUBLISH });
  });

  test('accepts a publish that was allowed since, and one of a stream without a record', async () => {
    await store.requestEnd(request);
    expect(await store.begin({ ...START, version: 2 })).toEqual({ firstEpoch: 1 });
    expect(await store.begin({ ...START, version: 3 })).toEqual({ firstEpoch: 1 + EPOCHS_PER_PUBLISH });
    expect(await store.begin({ ...START, version: null })).toEqual({ firstEpoch: 1 + 2 * EPOCHS_PER_PUBLISH });
  });

  test('does not undo later changes if it comes late or twice', async () => {
    await store.requestEnd({ ...request, reason: 'key-rotated', minVersion: 3 });
    await store.begin({ ...START, version: 3 });
    expect(await store.requestEnd(request)).toBe(false);
    expect(await store.requestEnd({ ...request, minVersion: 3 })).toBe(false);
    expect(await store.get('stream-1')).toMatchObject({ owner: START.owner });
    expect(await store.begin({ ...START, version: 2 })).toBeNull();
  });
});

test('the item of a deleted stream expires, and that of another does not', async () => {
  const expiry = async () => {
    const { Item } = await database.client.send(
      new GetCommand({ TableName: TEST_TABLES.LIVE_TABLE, Key: { streamId: 'stream-1' } }),
    );
    return Item?.expiresAtSeconds;
  };
  await store.begin(START);
  await store.requestEnd({ streamId: 'stream-1', reason: 'key-rotated', minVersion: 2, nowMs: NOW_MS });
  expect(await expiry()).toBeUndefined();
  await store.requestEnd({ streamId: 'stream-1', reason: 'deleted', minVersion: 3, nowMs: NOW_MS });
  expect(await expiry()).toBe(NOW_MS / 1000 + 24 * 3600);
});

test('no epoch is given twice, neither to simultaneous publishes nor after an end', async () => {
  const begin = (owner: string) => store.begin({ ...START, owner });
  const owners = Array.from({ length: 10 }, (_, index) => `connection-${index}`);
  const together = await Promise.all(owners.map(begin));
  await Promise.all(owners.map((owner) => store.end({ streamId: 'stream-1', owner })));
  const all = [...together, await begin('connection-later')].map((begun) => begun?.firstEpoch ?? 0);
  expect(all.sort((a, b) => a - b)).toEqual(all.map((_, index) => 1 + index * EPOCHS_PER_PUBLISH));
});

test('many records are read at once, without idle and unknown streams', async () => {
  await store.begin(START);
  await store.begin({ ...START, streamId: 'stream-2' });
  await store.end({ streamId: 'stream-2', owner: START.owner });
  const records = await store.batchGet(['stream-1', 'stream-2', 'stream-3']);
  expect([...records.keys()]).toEqual(['stream-1']);
  expect(records.get('stream-1')).toEqual(await store.get('stream-1'));
  expect(await store.batchGet([])).toEqual(new Map());
});

describe('keys that BatchGetItem leaves unprocessed', () => {
  /** Reads one key per call and leaves the others, up to `reads` times. Then it reads none. */
  async function startReluctantDynamoDb(reads: number) {
    let calls = 0;
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const keys: { streamId: { S: string } }[] = JSON.parse(String(Buffer.concat(chunks))).RequestItems['test-live']
        .Keys;
      calls += 1;
      const read = calls <= reads ? keys.splice(0, 1) : [];
      const items = read.map((key) => ({ ...key, owner: { S: 'someone' } }));
      const UnprocessedKeys = keys.length === 0 ? {} : { 'test-live': { Keys: keys } };
      response.setHeader('Content-Type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify({ Responses: { 'test-live': items }, UnprocessedKeys }));
    });
    return listenOnLoopback(server);
  }

  test.each([
    { reads: 2, streamIds: ['a', 'b'], outcome: 'are read by another call' },
    { reads: 0, streamIds: ['a', 'b'], outcome: 'end in an error if that continues' },
  ])('$outcome', async ({ reads, streamIds }) => {
    const server = await startReluctantDynamoDb(reads);
    const client = documentClientFor(server.url);
    const reading = createLiveStore({ client, tables: TEST_TABLES }).batchGet(streamIds);
    if (reads > 0) expect([...(await reading).keys()]).toEqual(streamIds);
    else await expect(reading).rejects.toThrow('DynamoDB left 2 live records unread');
    client.destroy();
    await server.close();
  });
});
