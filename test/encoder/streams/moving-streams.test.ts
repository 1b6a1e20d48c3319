import pino from 'pino';
import type { EventBody } from '#domain/events.ts';
import { TaskClient } from '#encoder/cluster/task-client.ts';
import { WaitingStreams } from '#encoder/cluster/waiting-streams.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import type { LiveStreams, LiveStreamsOptions } from '#encoder/streams/live-streams.ts';
import { ANSWER_LIMIT_MS } from '#encoder/streams/stream-lease.ts';
import type { TakeOverRequest } from '#encoder/streams/stream-past.ts';
import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { deferred } from '#test/support/deferred.ts';
import { makeHeartbeat, makePublish, TEST_HEARTBEAT_MS } from '#test/support/live-store-calls.ts';
import { makeStreams } from './make-streams.ts';
import { leaveAll, publish, STREAM } from './test-publish.ts';

const { streamId, playbackId } = STREAM;
const [FIRST, SECOND, THIRD] = [1, 2, 3].map((count) => count * EPOCHS_PER_PUBLISH) as [number, number, number];
const TASK = { taskId: 'own', address: '127.0.0.1:1' };

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: LiveStore;
let streams: LiveStreams;
const requests: TakeOverRequest[] = [];

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createLiveStore({ client: database.client, tables: TEST_TABLES });
  requests.length = 0;
  streams = startStreams();
});
afterEach(async () => {
  leaveAll();
  await streams.close();
  await database.close();
});

const startStreams = (options: Partial<LiveStreamsOptions> = {}): LiveStreams =>
  makeStreams({
    ...{ task: TASK, store },
    takeOver: async (request) => {
      requests.push(request);
      return null;
    },
    ...options,
  });

/** Another task begins a publish. */
const beginElsewhere = (owner: string) =>
  store.begin(makePublish(streamId, { owner, holder: makeStreamHolder({ taskId: 'other', playbackId }) }));

const arriving = (epoch: number) => ({
  ...{
    streamId,
    playbackId,
    epoch,
    heldAtMs: Date.now(),
    broadcast: makeBroadcastState({ publisherGoneAtMs: Date.now() }),
  },
  package: new StreamPackage({ latency: 'ultra', firstMsn: 7 }),
});

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
}

test('a publisher that comes back gets what the task has that had the stream meanwhile', async () => {
  (await publish(streams, 'first')).leave();
  await beginElsewhere('second');
  await publish(streams, 'third');
  expect(requests).toMatchObject([{ streamId, epoch: THIRD, former: { holder: { taskId: 'other' } } }]);
  expect(streams.held.map(({ epoch }) => epoch)).toEqual([THIRD]);
});

test('a publisher that has gone while it was being accepted takes its stream from nobody', async () => {
  let hasEnded = false;
  streams = startStreams({
    store: {
      ...store,
      claimPlaybackId: async (claim) => {
        hasEnded = true;
        await beginElsewhere('next connection');
        return store.claimPlaybackId(claim);
      },
    },
  });
  const gone = { id: 'gone', remoteAddress: '192.0.2.1', software: null, stream: { ...STREAM, streamId, playbackId } };
  const calls = { end: () => undefined, sendAway: () => undefined, hasEnded: () => hasEnded };
  await expect(streams.accept({ ...gone, ...calls })).rejects.toThrow('has gone');
  expect(await store.get(streamId)).toMatchObject({ owner: 'next connection' });
  expect(streams.held).toEqual([]);
});

test('a publisher that is being accepted when the reconnect window ends has come back in time', async () => {
  const beginning = deferred();
  const begin: LiveStore['begin'] = (call) =>
    call.owner === 'second' ? beginning.promise.then(() => store.begin(call)) : store.begin(call);
  streams = startStreams({ store: { ...store, begin }, reconnectWindowMs: 50 });
  (await publish(streams, 'first')).leave();
  const [stream] = streams.held;
  const accepting = publish(streams, 'second');
  const later = { ...STREAM, streamId: 'later', playbackId: 'later' };
  (await publish(streams, 'third', later)).leave();
  await waitFor('the end of a window that began later', () => streams.find('later')?.ended);
  expect(stream?.hasEnded).toBe(false);
  beginning.resolve();
  await accepting;
  expect(streams.held).toContain(stream);
  expect(stream?.hasEnded).toBe(false);
});

test('a stream that comes back with the playback id that another task gave it has no other one here', async () => {
  (await publish(streams, 'first')).leave();
  const [stale] = streams.held;
  const holder = makeStreamHolder({ taskId: 'other', playbackId: 'playback-new' });
  await store.begin(makePublish(streamId, { owner: 'second', holder }));
  await publish(streams, 'third', { ...STREAM, playbackId: 'playback-new' });
  expect(stale?.isFenced).toBe(true);
  expect(streams.held).toMatchObject([{ playbackId: 'playback-new' }]);
});

test('a publish asks the task that answers for its stream, if the last holder never heard that it was one', async () => {
  const begun = await beginElsewhere('first');
  const broadcast = makeBroadcastState();
  await store.heartbeat(makeHeartbeat(streamId, { owner: 'first', epoch: begun?.epoch ?? 0, broadcast }));
  await store.begin(makePublish(streamId, { owner: 'refused', holder: { ...TASK, playbackId } }));
  await publish(streams, 'third');
  expect(requests).toMatchObject([{ epoch: THIRD, former: { holder: { taskId: 'other' } } }]);
});

test('a task that asks for a stream does not wait for a newer publish here, which may be waiting for it', async () => {
  const [beginning, taking] = [deferred(), deferred()];
  streams = startStreams({
    store: { ...store, begin: async (call) => beginning.promise.then(() => store.begin(call)) },
    takeOver: () => taking.promise.then(() => null),
  });
  await beginElsewhere('first');
  const accepting = publish(streams, 'second');
  const [older, newer] = [streams.giveUp(streamId, FIRST), streams.giveUp(streamId, THIRD)];
  beginning.resolve();
  expect(await older).toBeUndefined();
  expect(await isSettled(newer)).toBe(false);
  taking.resolve();
  await accepting;
  expect(await newer).toBeInstanceOf(StreamPackage);
  expect(streams.held).toEqual([]);
});

test('a stream that has come here keeps the title that it was published with', () => {
  const media = new StreamPackage({ latency: 'ultra', firstMsn: 7, title: 'Harbour' });
  const arrived = streams.arrive({ ...arriving(FIRST), package: media });
  expect(arrived?.statusBody).toMatchObject({ title: 'Harbour' });
});

test('a publish waits for its stream, which is on its way here', async () => {
  const underWay = deferred();
  const bringing = streams.whileArriving({ streamId, playbackId }, async () => {
    await underWay.promise;
    return streams.arrive(arriving(FIRST));
  });
  await store.begin(makePublish(streamId, { owner: 'first', holder: { ...TASK, playbackId } }));
  const accepting = publish(streams, 'second');
  const asking = streams.giveUp(streamId, SECOND);
  expect(await isSettled(asking)).toBe(false);
  underWay.resolve();
  const arrived = await bringing;
  await accepting;
  expect(requests).toEqual([]);
  expect(streams.held).toEqual([arrived]);
  expect(arrived).toMatchObject({ epoch: SECOND, hasPublisher: true });
});

test('a task that has lost a stream hands no media over that others have gone on with', async () => {
  await publish(streams, 'first');
  expect(await streams.giveUp(streamId, SECOND)).toBeInstanceOf(StreamPackage);
  expect(await streams.giveUp(streamId, THIRD)).toBeInstanceOf(StreamPackage);
  expect(await streams.giveUp(streamId, THIRD + EPOCHS_PER_PUBLISH)).toBeUndefined();
});

test('a stream does not arrive where a publish of it has begun', async () => {
  await publish(streams, 'first');
  expect(streams.arrive(arriving(FIRST))).toBeNull();
  expect(streams.held).toMatchObject([{ hasPublisher: true }]);
});

test('a stop at the moment at which the publisher comes back ends the broadcast, and another one begins', async () => {
  const events: EventBody[] = [];
  const goneAtMs = Date.now();
  const begin: LiveStore['begin'] = async (call) => {
    await store.requestEnd({ streamId, reason: 'stopped', publisherGoneAtMs: goneAtMs, nowMs: goneAtMs });
    return store.begin(call);
  };
  streams = startStreams({ store: { ...store, begin }, emit: (event) => events.push(event) });
  await store.begin(makePublish(streamId, { owner: 'first' }));
  const broadcast = makeBroadcastState({ liveSinceMs: goneAtMs - 1_000, publisherGoneAtMs: goneAtMs });
  await store.takeOver({
    ...{ streamId, formerEpoch: FIRST, broadcast, leaseUntilMs: goneAtMs + LEASE_DURATION_MS },
    holder: { ...TASK, playbackId },
  });
  const arrived = streams.arrive({ ...arriving(SECOND), broadcast });
  arrived?.waitForPublisher(goneAtMs, null);
  const former = streams.find(playbackId);
  await publish(streams, 'second');
  expect(former?.ended).toBe(true);
  expect(events).toMatchObject([{ type: 'stream.ended', reason: 'stopped', durationSeconds: 1 }]);
  expect(streams.held).toMatchObject([{ hasEnded: false, isLive: false, hasPublisher: true }]);
});

test.each(['stopped', 'deleted'] as const)(
  'a stream that waits for its publisher ends as soon as it is %s, and a new key leaves it as it is',
  async (reason) => {
    const events: EventBody[] = [];
    streams = startStreams({ emit: (event) => events.push(event) });
    const { broadcast, ...arrival } = arriving(SECOND);
    await store.begin(makePublish(streamId, { owner: 'first' }));
    await store.takeOver({
      ...{ streamId, formerEpoch: FIRST, broadcast, leaseUntilMs: Date.now() + LEASE_DURATION_MS },
      holder: { ...TASK, playbackId },
    });
    const goneAtMs = Date.now();
    const arrived = streams.arrive({ ...arrival, broadcast: { ...broadcast, liveSinceMs: goneAtMs - 1_000 } });
    arrived?.waitForPublisher(goneAtMs, null);
    await waitFor('a heartbeat', async () => {
      return (await store.getHeld(streamId))?.broadcast?.publisherGoneAtMs === goneAtMs;
    });
    const request = { streamId, minVersion: 2, nowMs: Date.now() };
    await store.requestEnd({ ...request, reason: 'key-rotated' });
    const { leaseUntilMs = 0 } = (await store.getHeld(streamId)) ?? {};
    await waitFor('more heartbeats', async () => {
      return ((await store.getHeld(streamId))?.leaseUntilMs ?? 0) > leaseUntilMs + 2 * TEST_HEARTBEAT_MS;
    });
    expect(streams.held).toMatchObject([{ hasEnded: false }]);
    const closing = { playbackIds: [playbackId] };
    await store.requestEnd({ ...request, ...closing, reason, minVersion: 3, publisherGoneAtMs: goneAtMs });
    await waitFor('the end', () => arrived?.hasEnded === true);
    expect(streams.held).toEqual(reason === 'stopped' ? [arrived] : []);
    expect(events).toEqual([{ type: 'stream.ended', streamId, playbackId, reason, durationSeconds: 1 }]);
  },
);

test('a stream that arrives takes the place of an older one', async () => {
  await publish(streams, 'first');
  const [former] = streams.held;
  const arrived = streams.arrive(arriving(SECOND));
  expect(former?.isFenced).toBe(true);
  expect(streams.held).toEqual([arrived]);
});

test('a task does not end its own stream as that of a lost task', async () => {
  (await publish(streams, 'first')).leave();
  const client = new TaskClient({ authorization: async () => '', accepts: async () => false });
  const waiting = new WaitingStreams({
    ...{ task: TASK, store, streams, client, takeOver: async () => null, reconnectWindowMs: 0 },
    ...{ now: () => Date.now() + 2 * LEASE_DURATION_MS, log: pino({ level: 'silent' }) },
  });
  const held = await waitFor('its state', async () => {
    const found = await store.getHeld(streamId);
    return found?.broadcast?.publisherGoneAtMs == null ? null : found;
  });
  expect(await waiting.settle(held)).toBe(false);
  expect(streams.held).toMatchObject([{ epoch: FIRST, hasEnded: false }]);
  client.close();
});

test('a stream is not answered for while its next publish begins, unless the store was asked a moment ago', async () => {
  let nowMs = Date.now();
  let begin: () => void = () => undefined;
  let isBeginning = false;
  const mayBegin = new Promise<void>((resolve) => (begin = resolve));
  const slowStore: LiveStore = {
    ...store,
    begin: async (publishing) => {
      isBeginning = publishing.owner === 'second';
      if (isBeginning) await mayBegin;
      return store.begin(publishing);
    },
  };
  streams = startStreams({ store: slowStore, now: () => nowMs });
  (await publish(streams, 'first')).leave();
  const second = publish(streams, 'second');
  await waitFor('the beginning of the second', () => isBeginning);
  expect(await streams.findAnswerable(playbackId)).toBeDefined();
  nowMs += ANSWER_LIMIT_MS;
  let isAnswered = false;
  const finding = streams.findAnswerable(playbackId).then((found) => {
    isAnswered = true;
    return found;
  });
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(isAnswered).toBe(false);
  begin();
  expect((await finding)?.epoch).toBe(SECOND);
  await second;
});
