import { createServer } from 'node:http';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { StreamHealth } from '#domain/streams.ts';
import { makeBroadcastState, makeStreamHolder, STREAM_HEALTH } from '#kit/stream-record.ts';
import { documentClientFor, startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import type { EndRequest } from '#runtime/live-end-requests.ts';
import { EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

const NOW_MS = 1_000_000;
const STARTED_AT = '2025-01-02T03:04:05.000Z';
const HOLDER = makeStreamHolder({ playbackId: 'playback-1' });
const START = {
  ...{ streamId: 'stream-1', owner: 'connection-1', holder: HOLDER },
  ...{ version: 1, startedAt: STARTED_AT, nowMs: NOW_MS },
};
const FIRST_EPOCH = EPOCHS_PER_PUBLISH;
/** A heartbeat of the first publish. */
const BEAT = {
  ...{ streamId: 'stream-1', owner: 'connection-1', epoch: FIRST_EPOCH, broadcast: makeBroadcastState() },
  ...{ leaseUntilMs: 9_000_000, health: null },
};
/** What its task writes when its publisher has left. */
const LEAVE = { ...BEAT, owner: null };
const STOP = { streamId: 'stream-1', reason: 'stopped', nowMs: NOW_MS } as const;
const HEALTH: StreamHealth = { ...STREAM_HEALTH, audioCodec: null };

const NO_FORMER = { isFormerClosed: false, isFormerStopped: false, server: null };
const HELD = { held: true, reason: null };
const TAKEN_OVER = { held: false, reason: null };

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: LiveStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createLiveStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

test('a publish that begins owns the stream until its lease ends', async () => {
  expect(await store.begin(START)).toEqual({
    ...{ holder: HOLDER, firstEpoch: 1, epoch: EPOCHS_PER_PUBLISH, former: null },
    ...NO_FORMER,
  });
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
  const beat = { ...BEAT, leaseUntilMs: 2_000_000, health: HEALTH };
  expect(await store.heartbeat(beat)).toEqual(HELD);
  expect(await store.get('stream-1')).toMatchObject({ leaseUntilMs: 2_000_000, health: HEALTH, owner: 'connection-1' });
});

test('a publish that was replaced can neither renew nor end its successor', async () => {
  await store.begin(START);
  await store.begin({ ...START, owner: 'connection-2' });
  expect(await store.heartbeat({ ...BEAT, health: HEALTH })).toEqual(TAKEN_OVER);
  expect(await store.heartbeat(LEAVE)).toEqual(TAKEN_OVER);
  expect(await store.forget(BEAT)).toBe(false);
  expect(await store.get('stream-1')).toMatchObject({
    owner: 'connection-2',
    leaseUntilMs: START.nowMs + LEASE_DURATION_MS,
    health: null,
  });
});

test('a publish that begins after a stop, before the holder has heard of it, says so; the next one does not', async () => {
  await store.begin(START);
  await store.heartbeat({ ...LEAVE, broadcast: makeBroadcastState({ publisherGoneAtMs: 1 }) });
  await store.requestEnd({ ...STOP, publisherGoneAtMs: 1 });
  expect(await store.begin({ ...START, owner: 'connection-2' })).toMatchObject({ isFormerStopped: true });
  expect(await store.begin({ ...START, owner: 'connection-3' })).toMatchObject({ isFormerStopped: false });
});

test('a late heartbeat does not bring a publish back that has ended', async () => {
  await store.begin(START);
  expect(await store.heartbeat(LEAVE)).toEqual(HELD);
  expect(await store.heartbeat(BEAT)).toEqual(TAKEN_OVER);
  expect(await store.heartbeat(LEAVE)).toEqual(HELD);
  expect(await store.get('stream-1')).toBeNull();
});

test('a stream that was never live has no record, and a heartbeat does not create one', async () => {
  expect(await store.heartbeat(BEAT)).toEqual(TAKEN_OVER);
  expect(await store.heartbeat(LEAVE)).toEqual(TAKEN_OVER);
  expect(await store.get('stream-1')).toBeNull();
  expect(await store.getHeld('stream-1')).toBeNull();
});

const LASTING = { streamId: 'stream-1', minVersion: 2, nowMs: NOW_MS } as const;
const ROTATION = { ...LASTING, reason: 'key-rotated' } as const;
const CLOSINGS = (['deleted', 'purged'] as const).map(
  (reason) => ({ ...LASTING, reason, playbackIds: ['playback-1', 'playback-0'] }) as const,
);
const [DELETION, PURGE] = CLOSINGS as [(typeof CLOSINGS)[number], (typeof CLOSINGS)[number]];
const LASTING_ENDS = [ROTATION, ...CLOSINGS];

test.each([STOP, ...LASTING_ENDS])(
  'a publish learns from its heartbeat that its stream was $reason',
  async ({ reason, ...request }) => {
    await store.begin(START);
    expect(await store.requestEnd({ reason, ...request } as EndRequest)).toBe(true);
    expect(await store.get('stream-1')).toBeNull();
    expect(await store.heartbeat(BEAT)).toEqual({ held: false, reason });
    expect(await store.heartbeat(BEAT)).toEqual({ held: false, reason });
    expect(await store.getHeld('stream-1')).toMatchObject({ epoch: FIRST_EPOCH, holder: HOLDER });
  },
);

test('a broadcast that was stopped stays so when its stream gets a new key, and the old key begins no other one', async () => {
  await store.begin(START);
  await store.requestEnd(STOP);
  await store.requestEnd(ROTATION);
  expect(await store.heartbeat(BEAT)).toEqual({ held: false, reason: 'stopped' });
  expect(await store.begin({ ...START, owner: 'connection-2' })).toBeNull();
  expect(await store.begin({ ...START, owner: 'connection-2', version: 2 })).toMatchObject({ isFormerStopped: true });
});

describe('a stream that waits for its publisher', () => {
  const wait = async (publisherGoneAtMs: number) => {
    await store.begin(START);
    await store.heartbeat({ ...LEAVE, broadcast: makeBroadcastState({ publisherGoneAtMs }) });
  };

  test.each([{ ...STOP, publisherGoneAtMs: NOW_MS }, ...LASTING_ENDS])(
    'learns from its heartbeat that it was $reason, until somebody publishes it again',
    async ({ reason, ...request }) => {
      await wait(NOW_MS);
      expect(await store.requestEnd({ reason, ...request } as EndRequest)).toBe(false);
      expect(await store.heartbeat(LEAVE)).toEqual({ held: true, reason });
      expect(await store.getHeld('stream-1')).toMatchObject({ epoch: FIRST_EPOCH, requestedEnd: reason });
      await store.begin({ ...START, owner: 'connection-2', version: 2 });
      expect(await store.getHeld('stream-1')).toMatchObject({ requestedEnd: null });
      expect(await store.heartbeat({ ...LEAVE, epoch: 2 * EPOCHS_PER_PUBLISH })).toEqual(HELD);
    },
  );

  test('is not stopped by who meant another wait, or meant it before somebody published it again', async () => {
    const stop = { ...STOP, publisherGoneAtMs: NOW_MS };
    await wait(NOW_MS + 1);
    await store.requestEnd(stop);
    expect(await store.heartbeat(LEAVE)).toEqual(HELD);
    await store.heartbeat({ ...LEAVE, broadcast: makeBroadcastState({ publisherGoneAtMs: NOW_MS }) });
    await store.begin({ ...START, owner: 'connection-2' });
    expect(await store.requestEnd(stop)).toBe(false);
    expect(await store.get('stream-1')).toMatchObject({ owner: 'connection-2' });
  });
});

test('a stop does not affect the next publish', async () => {
  await store.begin(START);
  await store.requestEnd(STOP);
  await store.begin({ ...START, owner: 'connection-2' });
  const second = { ...BEAT, owner: 'connection-2', epoch: 2 * EPOCHS_PER_PUBLISH };
  expect(await store.heartbeat(second)).toEqual(HELD);
  expect(await store.heartbeat(BEAT)).toEqual(TAKEN_OVER);
  expect(await store.heartbeat({ ...second, owner: null })).toEqual(HELD);
  expect(await store.heartbeat(second)).toEqual(TAKEN_OVER);
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
  await store.heartbeat(LEAVE);
  expect(await store.requestEnd(STOP)).toBe(false);
  expect(await store.heartbeat(BEAT)).toEqual(TAKEN_OVER);
});

test('a stop of an idle stream refuses nobody', async () => {
  await store.requestEnd(STOP);
  expect(await store.begin(START)).toMatchObject({ firstEpoch: 1 });
});

test('a publisher whose lease has expired is no longer live, and is stopped all the same', async () => {
  await store.begin(START);
  expect(await store.requestEnd({ ...STOP, nowMs: NOW_MS + LEASE_DURATION_MS })).toBe(false);
  expect(await store.heartbeat(BEAT)).toEqual({ held: false, reason: 'stopped' });
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
    const begin = async (owner: string, version: number | null) =>
      (await store.begin({ ...START, owner, version }))?.firstEpoch;
    expect(await begin('connection-1', 2)).toBe(1);
    expect(await begin('connection-2', 3)).toBe(1 + EPOCHS_PER_PUBLISH);
    expect(await begin('connection-3', null)).toBe(1 + 2 * EPOCHS_PER_PUBLISH);
  });

  test('does not undo later changes if it comes twice', async () => {
    await store.requestEnd(request);
    await store.begin({ ...START, version: 2 });
    expect(await store.requestEnd(request)).toBe(false);
    expect(await store.get('stream-1')).toMatchObject({ owner: START.owner });
  });
});

test('a rotation that comes late does not undo a later one', async () => {
  await store.requestEnd({ ...ROTATION, minVersion: 3 });
  await store.begin({ ...START, version: 3 });
  expect(await store.requestEnd(ROTATION)).toBe(false);
  expect(await store.get('stream-1')).toMatchObject({ owner: START.owner });
  expect(await store.begin({ ...START, owner: 'connection-2', version: 2 })).toBeNull();
});

test('a purge that comes after a later rotation closes the playback ids, and the older keys stay refused', async () => {
  await store.begin(START);
  await store.requestEnd({ ...ROTATION, minVersion: 3 });
  await store.requestEnd(PURGE);
  expect(await store.heartbeat(BEAT)).toEqual({ held: false, reason: 'purged' });
  expect(await store.begin({ ...START, owner: 'connection-2', version: 2 })).toBeNull();
});

test.each(CLOSINGS)(
  'no playback id of a $reason stream leads to its holder, which still is the holder',
  async (request) => {
    await store.claimPlaybackId({ playbackId: 'playback-1', streamId: 'stream-1', nowMs: NOW_MS });
    await store.begin(START);
    expect(await store.findHeld('playback-1')).toMatchObject({ streamId: 'stream-1' });
    await store.requestEnd(request);
    expect(await store.findHeld('playback-1')).toBeNull();
    const { taskId } = HOLDER;
    const leaseUntilMs = NOW_MS + LEASE_DURATION_MS;
    expect(await store.listHolds('stream-1')).toEqual([{ playbackId: 'playback-1', taskId, leaseUntilMs }]);
    await store.forget(BEAT);
    expect(await store.listHolds('stream-1')).toEqual([]);
  },
);

test('a publish that follows a purge learns that nobody may see the end of the former broadcast', async () => {
  await store.begin(START);
  const holder = makeStreamHolder({ taskId: 'task-2', playbackId: 'playback-2' });
  const next = { ...START, owner: 'connection-2', holder, version: 2 };
  await store.requestEnd(PURGE);
  expect(await store.begin(next)).toMatchObject({ former: { holder: HOLDER }, isFormerClosed: true });
  const holds = async () => (await store.listHolds('stream-1')).map(({ playbackId }) => playbackId);
  expect(await holds()).toEqual(['playback-2', 'playback-1']);
  await store.forgetFormer({ streamId: 'stream-1', epoch: 2 * EPOCHS_PER_PUBLISH });
  expect(await holds()).toEqual(['playback-2']);
  expect(await store.begin({ ...next, owner: 'connection-3' })).toMatchObject({ isFormerClosed: false });
});

test('the item of a deleted stream expires, and that of another does not', async () => {
  const expiry = async () => {
    const { Item } = await database.client.send(
      new GetCommand({ TableName: TEST_TABLES.LIVE_TABLE, Key: { streamId: 'stream-1' } }),
    );
    return Item?.expiresAtSeconds;
  };
  await store.begin(START);
  await store.requestEnd(ROTATION);
  expect(await expiry()).toBeUndefined();
  await store.requestEnd({ ...DELETION, minVersion: 3 });
  expect(await expiry()).toBe(NOW_MS / 1000 + 24 * 3600);
});

test('no epoch is given twice, neither to simultaneous publishes nor after an end', async () => {
  const begin = (owner: string) => store.begin({ ...START, owner });
  const owners = Array.from({ length: 10 }, (_, index) => `connection-${index}`);
  const together = await Promise.all(owners.map(begin));
  await store.requestEnd(STOP);
  const all = [...together, await begin('connection-later')].map((begun) => begun?.firstEpoch ?? 0);
  expect(all.sort((a, b) => a - b)).toEqual(all.map((_, index) => 1 + index * EPOCHS_PER_PUBLISH));
});

test('many records are read at once, without unknown streams', async () => {
  await store.begin(START);
  await store.begin({ ...START, streamId: 'stream-2' });
  await store.heartbeat({ ...LEAVE, streamId: 'stream-2' });
  const presences = await store.listPresences(['stream-1', 'stream-2', 'stream-3']);
  expect([...presences.keys()].sort()).toEqual(['stream-1', 'stream-2']);
  expect(presences.get('stream-1')).toEqual(await store.getPresence('stream-1'));
  expect(presences.get('stream-1')).toMatchObject({ publish: await store.get('stream-1') });
  expect(presences.get('stream-2')).toEqual({ publish: null, held: await store.getHeld('stream-2'), onAirId: null });
  expect(await store.listPresences([])).toEqual(new Map());
  expect(await store.getPresence('stream-3')).toEqual({ publish: null, held: null, onAirId: null });
});

test('a repeated begin has the same result, the former holder included', async () => {
  await store.begin(START);
  const second = { ...START, owner: 'connection-2', holder: makeStreamHolder({ taskId: 'task-2' }) };
  const begun = await store.begin(second);
  expect(begun).toEqual({
    holder: second.holder,
    firstEpoch: 1 + EPOCHS_PER_PUBLISH,
    epoch: 2 * EPOCHS_PER_PUBLISH,
    former: { holder: HOLDER, leaseUntilMs: NOW_MS + LEASE_DURATION_MS, broadcast: null },
    isFormerClosed: false,
    isFormerStopped: false,
    server: null,
  });
  expect(await store.begin(second)).toEqual(begun);
});

test('a publish knows the task that answers for its stream, also if the last holder never heard that it was one', async () => {
  await store.begin(START);
  await store.heartbeat(BEAT);
  const begin = (owner: string) => store.begin({ ...START, owner, holder: makeStreamHolder({ taskId: owner }) });
  expect(await begin('unheard')).toMatchObject({ former: { holder: HOLDER }, server: HOLDER });
  expect(await begin('heard')).toMatchObject({ former: { holder: { taskId: 'unheard' } }, server: HOLDER });
});

test('the state of a broadcast outlives its holders', async () => {
  await store.begin(START);
  const broadcast = makeBroadcastState({ liveSinceMs: NOW_MS });
  await store.heartbeat({ ...BEAT, broadcast });
  await store.begin({ ...START, owner: 'connection-2' });
  expect(await store.begin({ ...START, owner: 'connection-3' })).toMatchObject({ former: { broadcast } });
  expect(await store.getHeld('stream-1')).toMatchObject({ broadcast });
});

describe('the holder of a stream', () => {
  const find = () => store.findHeld('playback-1');

  test('is found by the playback id, and stays when its publisher leaves', async () => {
    expect(await find()).toBeNull();
    expect(await store.claimPlaybackId({ playbackId: 'playback-1', streamId: 'stream-1', nowMs: NOW_MS })).toBe(true);
    expect(await find()).toBeNull();
    await store.begin(START);
    const broadcast = makeBroadcastState({ publisherGoneAtMs: NOW_MS });
    await store.heartbeat({ ...LEAVE, broadcast });
    const held = {
      streamId: 'stream-1',
      epoch: FIRST_EPOCH,
      leaseUntilMs: BEAT.leaseUntilMs,
      holder: HOLDER,
      broadcast,
      requestedEnd: null,
    };
    expect(await find()).toEqual(held);
    expect(await store.getHeld('stream-1')).toEqual(held);
    expect(await store.forget(BEAT)).toBe(true);
    expect(await find()).toBeNull();
  });

  test('has a publisher as soon as a publish begins, before its task has told anything', async () => {
    await store.begin(START);
    await store.heartbeat({ ...LEAVE, broadcast: makeBroadcastState({ publisherGoneAtMs: NOW_MS }) });
    const goneAtMs = async () => (await store.getHeld('stream-1'))?.broadcast?.publisherGoneAtMs;
    expect(await goneAtMs()).toBe(NOW_MS);
    await store.begin({ ...START, owner: 'connection-2' });
    expect(await goneAtMs()).toBeNull();
  });

  test('is not found by a playback id that the stream no longer has', async () => {
    await store.claimPlaybackId({ playbackId: 'playback-1', streamId: 'stream-1', nowMs: NOW_MS });
    await store.begin({ ...START, holder: makeStreamHolder({ playbackId: 'playback-2' }) });
    expect(await find()).toBeNull();
  });

  test('is found by the playback id before the latest publish, until that is forgotten or the stream moves on', async () => {
    for (const playbackId of ['playback-1', 'playback-2'])
      await store.claimPlaybackId({ playbackId, streamId: 'stream-1', nowMs: NOW_MS });
    const holder = makeStreamHolder({ taskId: 'task-2', playbackId: 'playback-2' });
    const rename = async (count: number) => {
      await store.begin({ ...START, owner: `before ${count}` });
      const begun = await store.begin({ ...START, owner: `after ${count}`, holder });
      return { streamId: 'stream-1', epoch: begun?.epoch ?? 0 };
    };
    const renamed = await rename(1);
    expect(await find()).toMatchObject({
      ...{ ...renamed, holder: { ...holder, playbackId: 'playback-1' }, broadcast: null },
    });
    expect(await store.findHeld('playback-2')).toMatchObject({ ...renamed, holder });
    expect(await store.forgetFormer({ ...renamed, epoch: FIRST_EPOCH })).toBe(false);
    expect(await store.forgetFormer(renamed)).toBe(true);
    expect(await find()).toBeNull();
    const { epoch } = await rename(2);
    expect(await find()).toMatchObject({ epoch });
    const broadcast = makeBroadcastState();
    await store.takeOver({ streamId: 'stream-1', formerEpoch: epoch, holder, broadcast, leaseUntilMs: 2_000_000 });
    expect(await find()).toBeNull();
    await rename(3);
    await store.begin({ ...START, owner: 'once more', holder });
    expect(await find()).toBeNull();
  });

  test('a playback id leads to another stream only when nobody holds the first', async () => {
    const claim = (streamId: string, nowMs: number) =>
      store.claimPlaybackId({ playbackId: 'playback-1', streamId, nowMs });
    expect(await claim('stream-1', NOW_MS)).toBe(true);
    await store.begin(START);
    expect(await claim('stream-2', NOW_MS)).toBe(false);
    expect(await claim('stream-1', NOW_MS)).toBe(true);
    expect(await claim('stream-2', NOW_MS + LEASE_DURATION_MS)).toBe(true);
    expect(await claim('stream-1', NOW_MS)).toBe(true);
  });

  test('can be replaced once by whoever knows its epoch, and by nobody who knows an older one', async () => {
    await store.begin(START);
    const take = (taskId: string, formerEpoch: number) =>
      store.takeOver({
        ...{ streamId: 'stream-1', formerEpoch, leaseUntilMs: 2_000_000 },
        ...{ holder: makeStreamHolder({ taskId }), broadcast: makeBroadcastState() },
      });
    const epochs = await Promise.all(['task-2', 'task-3', 'task-4'].map((taskId) => take(taskId, FIRST_EPOCH)));
    expect(epochs.filter((epoch) => epoch !== null)).toEqual([2 * EPOCHS_PER_PUBLISH]);
    const winner = `task-${2 + epochs.findIndex((epoch) => epoch !== null)}`;
    expect(await store.getHeld('stream-1')).toMatchObject({ holder: { taskId: winner } });
    expect(await take(winner, FIRST_EPOCH)).toBe(2 * EPOCHS_PER_PUBLISH);
    expect(await take('task-5', FIRST_EPOCH)).toBeNull();
    expect(await store.heartbeat(BEAT)).toEqual(TAKEN_OVER);
    expect(await store.get('stream-1')).toBeNull();
  });
});

test('a takeover that comes too late is not mistaken for the publish that its own task has begun', async () => {
  await store.begin(START);
  await store.begin({ ...START, owner: 'connection-2', holder: makeStreamHolder({ taskId: 'task-2' }) });
  const late = store.takeOver({
    ...{ streamId: 'stream-1', formerEpoch: FIRST_EPOCH, leaseUntilMs: 2_000_000 },
    ...{ holder: makeStreamHolder({ taskId: 'task-2' }), broadcast: makeBroadcastState() },
  });
  expect(await late).toBeNull();
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
    const reading = createLiveStore({ client, tables: TEST_TABLES }).listPresences(streamIds);
    if (reads > 0) expect([...(await reading).keys()]).toEqual(streamIds);
    else await expect(reading).rejects.toThrow('DynamoDB left 2 live records unread');
    client.destroy();
    await server.close();
  });
});
