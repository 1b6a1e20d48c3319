import { createServer } from 'node:http';
import { jest } from '@jest/globals';
import pino from 'pino';
import type { EndReason, StreamHealth } from '#domain/streams.ts';
import { Lease } from '#encoder/streams/lease.ts';
import { documentClientFor, startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { type BreakableProxy, startBreakableProxy } from '#test/support/breakable-proxy.ts';

const HEALTH: StreamHealth = {
  ...{ inputKbps: 3000, frameRate: 30, width: 1280, height: 720, videoCodec: 'h264', audioCodec: null },
  ...{ keyframeIntervalSeconds: 8, droppedFrames: 3, encoderSpeed: 1, warnings: ['no audio arrives'] },
};

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let proxy: BreakableProxy;
let store: LiveStore;
let lease: Lease | null = null;
/** Each test has its own stream, because a lasting end would also refuse the publish of the next test. */
let streamId: string;
let streams = 0;
const logLines: { level: string; msg: string }[] = [];

beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  proxy = await startBreakableProxy(database.url);
});
beforeEach(() => {
  store = createLiveStore({ client: documentClientFor(proxy.url), tables: TEST_TABLES });
  logLines.length = 0;
  streamId = `stream-${++streams}`;
});
afterEach(async () => {
  await proxy.mend();
  await lease?.release();
  lease = null;
});
afterAll(async () => {
  await proxy.close();
  await database.close();
});

/** Begins a publish by `owner` and takes its lease. `lost` resolves to the reason of the loss. */
async function takeLease(owner: string, leaseStore: Pick<LiveStore, 'heartbeat' | 'end'> = store) {
  const nowMs = Date.now();
  await store.begin({ streamId, owner, version: 1, startedAt: new Date(nowMs).toISOString(), nowMs });
  const losses: (EndReason | null)[] = [];
  let resolveLost: (reason: EndReason | null) => void = () => undefined;
  const lost = new Promise<EndReason | null>((resolve) => {
    resolveLost = resolve;
  });
  const taken = new Lease({
    store: leaseStore,
    streamId,
    owner,
    health: () => HEALTH,
    onLost: (reason) => {
      losses.push(reason);
      resolveLost(reason);
    },
    now: Date.now,
    log: pino({ formatters: { level: (level) => ({ level }) } }, { write: (line) => logLines.push(JSON.parse(line)) }),
  });
  lease = taken;
  return { lease: taken, lost, losses };
}

const healthInStore = async (): Promise<StreamHealth | null> => (await store.get(streamId))?.health ?? null;

test('a heartbeat writes the health to the store and renews the lease', async () => {
  await takeLease('a');
  const { leaseUntilMs = 0 } = (await store.get(streamId)) ?? {};
  expect(await waitFor('the health in the store', healthInStore)).toEqual(HEALTH);
  const record = await store.get(streamId);
  expect(record?.leaseUntilMs).toBeGreaterThan(leaseUntilMs);
  expect(record?.leaseUntilMs).toBeLessThanOrEqual(Date.now() + LEASE_DURATION_MS);
});

test.each(['stopped', 'key-rotated', 'deleted'] as const)('the lease of a %s stream is lost once', async (reason) => {
  const { lost, losses } = await takeLease('a');
  await store.requestEnd({ streamId, reason, minVersion: 2, nowMs: Date.now() });
  expect(await lost).toBe(reason);
  await lease?.release();
  expect(losses).toEqual([reason]);
});

test('a lease is lost without a reason to another publisher, whose publish survives the release', async () => {
  const { lease: first, lost } = await takeLease('a');
  const nowMs = Date.now();
  await store.begin({ streamId, owner: 'b', version: 1, startedAt: new Date(nowMs).toISOString(), nowMs });
  expect(await lost).toBeNull();
  await first.release();
  expect((await store.get(streamId))?.owner).toBe('b');
});

test('a release makes the stream idle and does not count as a loss', async () => {
  const { lease: taken, losses } = await takeLease('a');
  await Promise.all([taken.release(), taken.release()]);
  expect(await store.get(streamId)).toBeNull();
  expect(losses).toEqual([]);
});

test('an outage of the store loses no lease, and is logged once when it begins and once when it ends', async () => {
  const { losses } = await takeLease('a');
  await proxy.refuse();
  await waitFor('the line of the outage', async () => logLines.find(({ level }) => level === 'warn'));
  // Two more heartbeats fail.
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  await proxy.mend();
  expect(await waitFor('the health in the store', healthInStore)).toEqual(HEALTH);
  await waitFor('the line of its end', async () => logLines.find(({ level }) => level === 'info'));
  expect(logLines.map(({ level }) => level)).toEqual(['warn', 'info']);
  expect(losses).toEqual([]);
});

test('a stop that was requested during an outage arrives after it', async () => {
  const { lost } = await takeLease('a');
  await proxy.refuse();
  const direct = createLiveStore({ client: database.client, tables: TEST_TABLES });
  await direct.requestEnd({ streamId, reason: 'stopped', nowMs: Date.now() });
  await proxy.mend();
  expect(await lost).toBe('stopped');
});

test('a release during an outage logs a warning and resolves', async () => {
  const { lease: taken } = await takeLease('a');
  await proxy.refuse();
  await taken.release();
  expect(logLines.at(-1)).toMatchObject({ level: 'warn' });
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

describe('with fake timers', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());

  type Heartbeat = LiveStore['heartbeat'];

  /** Starts a lease whose heartbeats get these answers in turn. The last answer repeats. */
  function startLease(...answers: Heartbeat[]) {
    const beatsMs: number[] = [];
    const losses: { reason: EndReason | null; atMs: number }[] = [];
    const startedAtMs = Date.now();
    lease = new Lease({
      store: {
        heartbeat: (beat) => {
          beatsMs.push(Date.now() - startedAtMs);
          const answer = answers[Math.min(beatsMs.length, answers.length) - 1];
          if (answer === undefined) throw new Error('a heartbeat without an answer');
          return answer(beat);
        },
        end: async () => true,
      },
      ...{ streamId, owner: 'a', health: () => HEALTH },
      onLost: (reason) => losses.push({ reason, atMs: Date.now() - startedAtMs }),
      now: Date.now,
      log: pino({ enabled: false }),
    });
    return { beatsMs, losses };
  }

  const held: Heartbeat = async () => ({ held: true });
  const stopped: Heartbeat = async () => ({ held: false, reason: 'stopped' });
  const fails: Heartbeat = () => Promise.reject(new Error('throttled'));
  const afterMs =
    (delayMs: number, answer: Heartbeat): Heartbeat =>
    async (beat) => {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      return answer(beat);
    };
  const hangs: Heartbeat = ({ signal }) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

  test('a lease sends one heartbeat a second, however long each takes', async () => {
    const { beatsMs } = startLease(held, afterMs(400, held), afterMs(100, held), held);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(beatsMs).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
  });

  test.each([
    ['hangs', hangs],
    ['fails', fails],
    ['fails late', afterMs(450, fails)],
  ])('a stop right after a heartbeat arrives within 2 s even if the next heartbeat %s', async (_name, trouble) => {
    const { losses } = startLease(held, trouble, stopped);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(losses).toHaveLength(1);
    expect(losses[0]).toMatchObject({ reason: 'stopped' });
    expect(losses[0]?.atMs).toBeLessThan(1_000 + 2_000);
  });

  test.each([
    ['hangs', hangs, 1_501],
    ['fails', fails, 1_001],
  ])(
    'if every heartbeat %s, the first is repeated at once and the others follow once a second',
    async (_name, trouble, retriedMs) => {
      const { beatsMs, losses } = startLease(trouble);
      await jest.advanceTimersByTimeAsync(4_500);
      expect(beatsMs[1]).toBe(retriedMs);
      const pausesMs = beatsMs.slice(2).map((atMs, index) => atMs - (beatsMs[index + 1] ?? 0));
      expect(pausesMs).not.toEqual([]);
      for (const pauseMs of pausesMs) expect(pauseMs).toBe(1_000);
      expect(losses).toEqual([]);
    },
  );

  test('a release stops the heartbeats and leaves no timer behind', async () => {
    const { beatsMs } = startLease(held);
    await jest.advanceTimersByTimeAsync(1_500);
    const releasing = lease?.release();
    await jest.advanceTimersByTimeAsync(5_000);
    await releasing;
    expect(beatsMs).toEqual([1_000]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
