import { jest } from '@jest/globals';
import pino from 'pino';
import type { EndReason } from '#domain/streams.ts';
import { ANSWER_LIMIT_MS, StreamLease } from '#encoder/streams/stream-lease.ts';
import { makeBroadcastState, STREAM_HEALTH } from '#kit/stream-record.ts';
import { LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';

let lease: StreamLease | null = null;

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
afterEach(async () => {
  await lease?.drop();
  lease = null;
  jest.useRealTimers();
});

type Heartbeat = LiveStore['heartbeat'];

/** Starts a lease whose heartbeats get these answers in turn. The last answer repeats. */
function startLease(...answers: Heartbeat[]) {
  const beatsMs: number[] = [];
  const owners: (string | null)[] = [];
  const losses: { reason: EndReason | null; atMs: number }[] = [];
  const startedAtMs = Date.now();
  const onLost = (reason: EndReason | null) => losses.push({ reason, atMs: Date.now() - startedAtMs });
  const started = new StreamLease({
    heldAtMs: Date.now(),
    store: {
      heartbeat: (beat) => {
        beatsMs.push(Date.now() - startedAtMs);
        owners.push(beat.owner);
        const answer = answers[Math.min(beatsMs.length, answers.length) - 1];
        if (answer === undefined) throw new Error('a heartbeat without an answer');
        return answer(beat);
      },
    },
    ...{
      streamId: 'stream-1',
      owner: 'a',
      epoch: 1_000,
      broadcast: () => makeBroadcastState(),
      health: () => STREAM_HEALTH,
    },
    ...{ onAirId: null, onAirChange: () => undefined },
    onTraceRequested: () => undefined,
    onEndRequested: onLost,
    onReplaced: () => onLost(null),
    now: Date.now,
    log: pino({ enabled: false }),
  });
  lease = started;
  return { lease: started, beatsMs, owners, losses };
}

/** Lets time pass without running a timer, as for a process that is suspended. */
const suspend = (forMs: number): void => {
  jest.setSystemTime(Date.now() + forMs);
};

const held: Heartbeat = async () => ({ held: true, reason: null });
const stopped: Heartbeat = async () => ({ held: false, reason: 'stopped' });
const replaced: Heartbeat = async () => ({ held: false, reason: null });
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

test('a lease that is dropped sends nothing more and leaves no timer behind', async () => {
  const { lease: dropped, beatsMs } = startLease(held);
  await jest.advanceTimersByTimeAsync(1_500);
  await dropped.drop();
  await jest.advanceTimersByTimeAsync(5_000);
  dropped.publisherLeft();
  await Promise.all([dropped.renew(), dropped.confirm()]);
  expect(beatsMs).toEqual([1_000]);
  expect(jest.getTimerCount()).toBe(0);
});

test('a drop waits for the heartbeat that is under way, and ignores its outcome', async () => {
  const { lease: dropped, beatsMs, losses } = startLease(afterMs(400, replaced));
  await jest.advanceTimersByTimeAsync(1_000);
  let isDropped = false;
  const dropping = dropped.drop().then(() => {
    isDropped = true;
  });
  await jest.advanceTimersByTimeAsync(399);
  expect(isDropped).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  await dropping;
  await jest.advanceTimersByTimeAsync(5_000);
  expect([beatsMs, losses]).toEqual([[1_000], []]);
});

test('a heartbeat that was under way at the drop, whose outcome nobody heard, makes no answer recent', async () => {
  const { lease: dropped } = startLease(afterMs(400, replaced));
  suspend(ANSWER_LIMIT_MS);
  await jest.advanceTimersByTimeAsync(1_000);
  const dropping = dropped.drop();
  await jest.advanceTimersByTimeAsync(400);
  await dropping;
  expect(dropped.isRecent).toBe(false);
});

test('a lease that was replaced says so once, sends nothing more and leaves no timer behind', async () => {
  const { lease: lost, beatsMs, losses } = startLease(held, replaced);
  await jest.advanceTimersByTimeAsync(5_000);
  lost.publisherLeft();
  await Promise.all([lost.renew(), lost.confirm()]);
  expect(losses).toEqual([{ reason: null, atMs: 2_000 }]);
  expect(beatsMs).toEqual([1_000, 2_000]);
  expect(jest.getTimerCount()).toBe(0);
});

test('after the end was requested, the heartbeats go on without an owner, and the lease stays held', async () => {
  const { lease: kept, owners, losses } = startLease(held, stopped, held);
  await jest.advanceTimersByTimeAsync(2 * LEASE_DURATION_MS);
  expect(owners.slice(0, 4)).toEqual(['a', 'a', null, null]);
  expect(losses).toEqual([{ reason: 'stopped', atMs: 2_000 }]);
  expect(kept.isHeld).toBe(true);
});

test('a publisher that leaves is told to the store at once, and a second later comes the next heartbeat', async () => {
  const { lease: left, beatsMs, owners } = startLease(held);
  await jest.advanceTimersByTimeAsync(1_300);
  left.publisherLeft();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(beatsMs).toEqual([1_000, 1_300, 2_300]);
  expect(owners).toEqual(['a', null, null]);
});

test('a publisher that leaves during a heartbeat is told to the store right after it', async () => {
  const { lease: left, beatsMs, owners, losses } = startLease(afterMs(400, held), held);
  await jest.advanceTimersByTimeAsync(1_100);
  left.publisherLeft();
  await jest.advanceTimersByTimeAsync(400);
  expect(beatsMs).toEqual([1_000, 1_400]);
  expect(owners).toEqual(['a', null]);
  expect(losses).toEqual([]);
});

test('renewals during a heartbeat wait for it and share one more, which sees the latest state', async () => {
  const { lease: renewed, beatsMs } = startLease(afterMs(400, held), afterMs(50, held), held);
  await jest.advanceTimersByTimeAsync(1_100);
  let done = 0;
  for (const renewal of [renewed.renew(), renewed.renew(), renewed.renew()]) void renewal.then(() => done++);
  await jest.advanceTimersByTimeAsync(349);
  expect([beatsMs, done]).toEqual([[1_000, 1_400], 0]);
  await jest.advanceTimersByTimeAsync(1);
  expect([beatsMs, done]).toEqual([[1_000, 1_400], 3]);
});

test('a renewal resolves even if the store fails', async () => {
  const { lease: renewed, beatsMs } = startLease(fails);
  await renewed.renew();
  expect(beatsMs).toEqual([0]);
});

describe('whether it is held', () => {
  test('is true until the lease is over, counted from the start of the last heartbeat that succeeded', async () => {
    const { lease: counted } = startLease(afterMs(400, held), fails);
    await jest.advanceTimersByTimeAsync(1_000 + LEASE_DURATION_MS - 1);
    expect(counted.isHeld).toBe(true);
    await jest.advanceTimersByTimeAsync(1);
    expect(counted.isHeld).toBe(false);
  });

  test('is true again after the next heartbeat that succeeds', async () => {
    const { lease: back } = startLease(held);
    suspend(LEASE_DURATION_MS);
    expect(back.isHeld).toBe(false);
    await back.confirm();
    expect(back.isHeld).toBe(true);
  });

  test('is unknown after the clock was set back, and that is not held', async () => {
    const { lease: early } = startLease(held);
    suspend(-1);
    expect(early.isHeld).toBe(false);
  });
});

describe('confirm', () => {
  test.each([
    ['succeeded', held],
    ['failed', fails],
  ])('sends nothing while a heartbeat that %s is recent, and one heartbeat after that', async (_name, answer) => {
    const { lease: asked, beatsMs } = startLease(answer);
    suspend(ANSWER_LIMIT_MS - 1);
    await asked.confirm();
    expect(beatsMs).toEqual([]);
    suspend(1);
    await asked.confirm();
    expect(beatsMs).toEqual([ANSWER_LIMIT_MS]);
    suspend(ANSWER_LIMIT_MS - 1);
    await asked.confirm();
    expect(beatsMs).toHaveLength(1);
    suspend(1);
    await asked.confirm();
    expect(beatsMs).toEqual([ANSWER_LIMIT_MS, 2 * ANSWER_LIMIT_MS]);
  });

  test('sends nothing while the heartbeats come in time', async () => {
    const { lease: asked, beatsMs } = startLease(held);
    for (let count = 0; count < 50; count++) {
      await jest.advanceTimersByTimeAsync(100);
      await asked.confirm();
    }
    expect(beatsMs).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
  });

  test('of many requests at once sends one heartbeat', async () => {
    const { lease: asked, beatsMs } = startLease(afterMs(20, held));
    suspend(60_000);
    const confirmations = Promise.all(Array.from({ length: 20 }, () => asked.confirm()));
    await jest.advanceTimersByTimeAsync(20);
    await confirmations;
    expect(beatsMs).toEqual([60_000]);
  });

  test('of a process that was suspended during a heartbeat does not trust that heartbeat', async () => {
    const { lease: asked, beatsMs, losses } = startLease(afterMs(400, held), replaced);
    await jest.advanceTimersByTimeAsync(1_100);
    suspend(60_000);
    const confirmation = asked.confirm();
    await jest.advanceTimersByTimeAsync(300);
    await confirmation;
    expect(beatsMs).toEqual([1_000, 61_400]);
    expect(losses).toHaveLength(1);
  });

  test('has told of a replacement when it resolves', async () => {
    const { lease: asked, losses } = startLease(replaced);
    suspend(ANSWER_LIMIT_MS);
    await asked.confirm();
    expect(losses).toEqual([{ reason: null, atMs: ANSWER_LIMIT_MS }]);
  });

  test('asks the store after the clock was set back', async () => {
    const { lease: asked, beatsMs } = startLease(held);
    suspend(-60_000);
    await asked.confirm();
    expect(beatsMs).toEqual([-60_000]);
  });

  test('gives up on a store that does not answer, and the lease runs out', async () => {
    const { lease: asked, losses } = startLease(hangs);
    suspend(LEASE_DURATION_MS);
    const confirmation = asked.confirm();
    await jest.advanceTimersByTimeAsync(500);
    await confirmation;
    expect([asked.isHeld, losses]).toEqual([false, []]);
  });
});
