import { createServer } from 'node:http';
import pino from 'pino';
import { type EndReason, STREAM_HEARTBEAT_MS, type StreamHealth } from '#domain/streams.ts';
import { StreamLease } from '#encoder/streams/stream-lease.ts';
import { type BreakableProxy, startBreakableProxy } from '#kit/breakable-proxy.ts';
import { makeBroadcastState } from '#kit/stream-record.ts';
import { documentClientFor, startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { makePublish, TEST_HEARTBEAT_MS } from '#test/support/live-store-calls.ts';

const HEALTH: StreamHealth = {
  ...{ inputKbps: 3000, frameRate: 30, width: 1280, height: 720, videoCodec: 'h264', audioCodec: null },
  ...{ keyframeIntervalSeconds: 8, droppedFrames: 3, encoderSpeed: 1, warnings: ['no audio arrives'] },
};
const BROADCAST = makeBroadcastState({ liveSinceMs: 1_000 });

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let proxy: BreakableProxy;
let store: LiveStore;
/** Bypasses the proxy. */
let direct: LiveStore;
let lease: StreamLease | null = null;
/** Each test has its own stream, because a lasting end would also refuse the publish of the next test. */
let streamId: string;
let streams = 0;
const logLines: { level: string; msg: string }[] = [];

beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  proxy = await startBreakableProxy(database.url);
  direct = createLiveStore({ client: database.client, tables: TEST_TABLES });
});
beforeEach(() => {
  store = createLiveStore({ client: documentClientFor(proxy.url), tables: TEST_TABLES });
  logLines.length = 0;
  streamId = `stream-${++streams}`;
});
afterEach(async () => {
  await proxy.mend();
  await lease?.drop();
  lease = null;
});
afterAll(async () => {
  await proxy.close();
  await database.close();
});

/** Begins a publish by `owner` and takes its lease. `lost` resolves to the reason of the loss: null if it was replaced. */
async function takeLease(
  owner: string,
  leaseStore: Pick<LiveStore, 'heartbeat'> = store,
  heartbeatMs: number = TEST_HEARTBEAT_MS,
) {
  const begun = await store.begin(makePublish(streamId, { owner }));
  if (begun === null) throw new Error('the publish was refused');
  const losses: (EndReason | null)[] = [];
  const traceRequests: number[] = [];
  let resolveLost: (reason: EndReason | null) => void = () => undefined;
  const lost = new Promise<EndReason | null>((resolve) => {
    resolveLost = resolve;
  });
  const onLost = (reason: EndReason | null): void => {
    losses.push(reason);
    resolveLost(reason);
  };
  const taken = new StreamLease({
    heldAtMs: Date.now(),
    ...{ store: leaseStore, heartbeatMs },
    ...{ streamId, owner, epoch: begun.epoch, broadcast: () => BROADCAST, health: () => HEALTH },
    ...{ onAirId: null, onAirChange: () => undefined },
    onTraceRequested: (requestedAtMs) => traceRequests.push(requestedAtMs),
    onEndRequested: onLost,
    onReplaced: () => onLost(null),
    now: Date.now,
    log: pino({ formatters: { level: (level) => ({ level }) } }, { write: (line) => logLines.push(JSON.parse(line)) }),
  });
  lease = taken;
  return { lease: taken, lost, losses, traceRequests };
}

const healthInStore = async (): Promise<StreamHealth | null> => (await store.get(streamId))?.health ?? null;

test('a request for a trace is heard once', async () => {
  const { lease: taken, traceRequests } = await takeLease('a');
  expect(await store.requestTrace(streamId, 1)).toBe(true);
  await taken.renew();
  await taken.renew();
  expect(traceRequests).toEqual([1]);
  await store.requestTrace(streamId, 2);
  await taken.renew();
  expect(traceRequests).toEqual([1, 2]);
});

test('a heartbeat writes the health and the broadcast to the store and renews the lease', async () => {
  await takeLease('a');
  const { leaseUntilMs = 0 } = (await store.get(streamId)) ?? {};
  expect(await waitFor('the health in the store', healthInStore)).toEqual(HEALTH);
  const record = await waitFor('a later end', async () => {
    const now = await store.get(streamId);
    return (now?.leaseUntilMs ?? 0) > leaseUntilMs ? now : null;
  });
  expect(record?.leaseUntilMs).toBeLessThanOrEqual(Date.now() + LEASE_DURATION_MS);
  expect(await store.getHeld(streamId)).toMatchObject({ broadcast: BROADCAST });
});

test.each(['stopped', 'key-rotated', 'deleted', 'purged'] as const)(
  'the end of a %s stream is requested once, and its task still holds it',
  async (reason) => {
    const { lease: taken, lost, losses } = await takeLease('a');
    await store.requestEnd({ streamId, reason, minVersion: 2, playbackIds: ['playback-1'], nowMs: Date.now() });
    expect(await lost).toBe(reason);
    const { leaseUntilMs = 0 } = (await store.getHeld(streamId)) ?? {};
    await taken.renew();
    expect((await store.getHeld(streamId))?.leaseUntilMs).toBeGreaterThan(leaseUntilMs);
    expect(losses).toEqual([reason]);
  },
);

test('a stream that waits for its publisher hears each reason to end once', async () => {
  const { lease: taken, losses } = await takeLease('a');
  const request = async (reason: EndReason, minVersion: number) => {
    await store.requestEnd({ streamId, reason, minVersion, playbackIds: ['playback-1'], nowMs: Date.now() });
    await taken.renew();
    await taken.renew();
  };
  taken.publisherLeft();
  await request('key-rotated', 2);
  await request('deleted', 3);
  expect(losses).toEqual(['key-rotated', 'deleted']);
});

test('a lease is lost without a reason to another publisher, whose publish survives', async () => {
  const { lease: first, lost, losses } = await takeLease('a');
  await store.begin(makePublish(streamId, { owner: 'b' }));
  expect(await lost).toBeNull();
  first.publisherLeft();
  await first.renew();
  await first.drop();
  expect((await store.get(streamId))?.owner).toBe('b');
  expect(losses).toEqual([null]);
});

test('when its publisher leaves, a stream is idle at once and still held, and that does not count as a loss', async () => {
  const { lease: taken, losses } = await takeLease('a');
  taken.publisherLeft();
  await taken.renew();
  expect(await store.get(streamId)).toBeNull();
  expect(await store.getHeld(streamId)).toMatchObject({ epoch: taken.epoch, broadcast: BROADCAST });
  expect(losses).toEqual([]);
});

test('an outage of the store loses no lease, and is logged once when it begins and once when it ends', async () => {
  const { losses } = await takeLease('a');
  await proxy.refuse();
  await waitFor('the line of the outage', async () => logLines.find(({ level }) => level === 'warn'));
  // More heartbeats fail.
  await new Promise((resolve) => setTimeout(resolve, 5 * TEST_HEARTBEAT_MS));
  await proxy.mend();
  expect(await waitFor('the health in the store', healthInStore)).toEqual(HEALTH);
  await waitFor('the line of its end', async () => logLines.find(({ level }) => level === 'info'));
  expect(logLines.map(({ level }) => level)).toEqual(['warn', 'info']);
  expect(losses).toEqual([]);
});

test('a stop that was requested during an outage arrives after it', async () => {
  const { lost } = await takeLease('a');
  await proxy.refuse();
  await direct.requestEnd({ streamId, reason: 'stopped', nowMs: Date.now() });
  await proxy.mend();
  expect(await lost).toBe('stopped');
});

test('a publisher that leaves during an outage is logged as a warning, and the store is told after it', async () => {
  const { lease: taken } = await takeLease('a');
  await proxy.refuse();
  taken.publisherLeft();
  await taken.renew();
  expect(logLines.at(-1)).toMatchObject({ level: 'warn' });
  await proxy.mend();
  await waitFor('the idle stream', async () => (await direct.get(streamId)) === null);
});

test('a lease that is dropped during an outage writes nothing', async () => {
  const { lease: taken } = await takeLease('a', store, STREAM_HEARTBEAT_MS);
  await proxy.refuse();
  await taken.drop();
  await proxy.mend();
  await taken.renew();
  expect(await direct.get(streamId)).toMatchObject({ owner: 'a', health: null });
});

test('the DynamoDB client gives up a heartbeat that gets no answer, and never sends two at once', async () => {
  let requests = 0;
  let open = 0;
  let mostOpen = 0;
  const silent = await listenOnLoopback(
    createServer((request) => {
      requests += 1;
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      request.socket.once('close', () => {
        open -= 1;
      });
    }),
  );
  const client = documentClientFor(silent.url);
  const { losses } = await takeLease('a', createLiveStore({ client, tables: TEST_TABLES }));
  await waitFor('three heartbeats', async () => requests >= 3);
  expect(mostOpen).toBe(1);
  expect(losses).toEqual([]);
  await silent.close();
});
