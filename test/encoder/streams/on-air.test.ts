import type { EventBody } from '#domain/events.ts';
import type { LiveStreams, LiveStreamsOptions } from '#encoder/streams/live-streams.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore, type LiveStore } from '#runtime/live-store.ts';
import { deferred } from '#test/support/deferred.ts';
import { makeStreams } from './make-streams.ts';
import { leaveAll, publish, STREAM } from './test-publish.ts';

// What viewers and the studio get of it is seen in test/e2e/golive.test.ts. Nobody sends media here.
const [PREVIEW, ON_AIR] = ['pabcdefghij234567', 'abcdefghij234567'];
const GATED = { ...STREAM, playbackId: PREVIEW, onAirPlaybackId: ON_AIR };
const BACKED = { ...GATED, ingest: 'primary', failoverMs: 2_000 } as const;
const { streamId } = GATED;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: LiveStore;
let tasks: LiveStreams[];
const events: EventBody[] = [];

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createLiveStore({ client: database.client, tables: TEST_TABLES });
  tasks = [];
  events.length = 0;
});
afterEach(async () => {
  leaveAll();
  await Promise.all(tasks.map((streams) => streams.close()));
  await database.close();
});

function startTask(options: Partial<LiveStreamsOptions> = {}): LiveStreams {
  const task = { taskId: `task-${tasks.length + 1}`, address: '127.0.0.1:1' };
  const streams = makeStreams({ task, store, emit: (event) => events.push(event), ...options });
  tasks.push(streams);
  return streams;
}

const goOnAir = (onAirId = 'first') => store.goOnAir({ streamId, onAirId });
const goOffAir = (onAirId = 'first') => store.goOffAir({ streamId, onAirId });
const heldBy = (streams: LiveStreams) => streams.held.map(({ playbackId }) => playbackId);
const holds = (streams: LiveStreams, playbackId: string) =>
  waitFor(`a publish under ${playbackId}`, () =>
    streams.held.some((stream) => stream.playbackId === playbackId && stream.hasPublisher),
  );

test('a publish follows the word from its preview to its viewers and back, and is never disconnected', async () => {
  const streams = startTask();
  const publisher = await publish(streams, 'a', GATED);
  expect(heldBy(streams)).toEqual([PREVIEW]);
  const usedVCpus = streams.load().room.usedVCpus;
  const onAir: unknown[] = [];
  for (const word of ['first', 'second']) {
    await goOnAir(word);
    await holds(streams, ON_AIR);
    expect(heldBy(streams)).toEqual([ON_AIR]);
    onAir.push(...streams.held);
    await goOffAir(word);
    await holds(streams, PREVIEW);
    expect(heldBy(streams)).toEqual([PREVIEW]);
    expect(streams.find(ON_AIR)).toBeUndefined();
    // Players that lag find the end.
    expect((await streams.findAnswerable(ON_AIR))?.hasEnded).toBe(true);
  }
  // So whoever still plays the first broadcast gets its end, and not the second one.
  expect(onAir[1]).toBe(onAir[0]);
  expect(publisher.isClosed).toBe(false);
  expect(streams.load().room.usedVCpus).toBe(usedVCpus);
});

test('its health of the last minutes goes with it', async () => {
  let offsetMs = 0;
  const streams = startTask({ now: () => Date.now() + offsetMs });
  await publish(streams, 'a', GATED);
  const samples = () => streams.held[0]?.healthReport().history.inputKbps.length ?? 0;
  await waitFor('a sample', () => samples() > 0);
  // Of the next one.
  offsetMs = 6_000;
  await goOnAir();
  await holds(streams, ON_AIR);
  expect(samples()).toBeGreaterThan(1);
});

test('a publisher who comes after the word is on air, and stays so when it comes back', async () => {
  await goOnAir();
  const streams = startTask();
  const first = await publish(streams, 'a', GATED);
  const [stream] = streams.held;
  expect(heldBy(streams)).toEqual([ON_AIR]);
  first.leave();
  await publish(streams, 'b', GATED);
  expect(streams.held).toEqual([stream]);
});

test('after the reconnect window, the next publish is a preview again', async () => {
  await goOnAir();
  const streams = startTask({ reconnectWindowMs: 1 });
  (await publish(streams, 'a', GATED)).leave();
  await waitFor('the end in the store', async () => (await store.getPresence(streamId)).onAirId === null);
  // Not only when the end is forgotten, which takes a minute.
  expect(heldBy(streams)).toEqual([ON_AIR]);
  await publish(streams, 'b', GATED);
  expect(heldBy(streams)).toEqual([PREVIEW]);
});

test('when its task ends, so does the broadcast, and the next publish is a preview again', async () => {
  await goOnAir();
  const streams = startTask();
  await publish(streams, 'a', GATED);
  leaveAll();
  await streams.close();
  expect((await store.getPresence(streamId)).onAirId).toBeNull();
});

test('a stop while the publisher is away ends the broadcast, and it comes back to its preview', async () => {
  await goOnAir();
  const streams = startTask();
  (await publish(streams, 'a', GATED)).leave();
  const [stream] = streams.held;
  await goOffAir();
  await waitFor('the end', () => stream?.hasEnded);
  await publish(streams, 'b', GATED);
  expect(heldBy(streams)).toEqual([PREVIEW]);
});

test('a publisher who comes back before the task has heard of the stop is in its preview', async () => {
  await goOnAir();
  const streams = startTask();
  (await publish(streams, 'a', GATED)).leave();
  const [stream] = streams.held;
  await goOffAir();
  await publish(streams, 'b', GATED);
  expect([heldBy(streams), stream?.hasEnded]).toEqual([[PREVIEW], true]);
});

test('a stop with another word right after it is the end of one broadcast and the beginning of the next', async () => {
  const begun: (string | undefined)[] = [];
  const begin: LiveStore['begin'] = async (request) => {
    const publishes = await store.begin(request);
    begun.push(publishes?.holder.onAirId);
    return publishes;
  };
  await goOnAir('first');
  const streams = startTask({ store: { ...store, begin } });
  const publisher = await publish(streams, 'a', GATED);
  await goOffAir('first');
  await goOnAir('second');
  await waitFor('the next broadcast', () => begun.length === 3);
  expect(begun).toEqual(['first', undefined, 'second']);
  await holds(streams, ON_AIR);
  expect(publisher.isClosed).toBe(false);
});

describe('if the store fails', () => {
  /** Fails where a publish goes on under the other playback id, as long as `isBroken`. */
  const fault = { isBroken: false, calls: 0 };
  let streams: LiveStreams;
  beforeEach(() => {
    Object.assign(fault, { isBroken: true, calls: 0 });
    const begin: LiveStore['begin'] = async (request) => {
      if (request.formerEpoch === undefined || !fault.isBroken) return store.begin(request);
      fault.calls += 1;
      throw new Error('the store is gone');
    };
    streams = startTask({ store: { ...store, begin } });
  });

  test('a preview goes on, and is on air as soon as the store can be reached', async () => {
    const publisher = await publish(streams, 'a', GATED);
    await goOnAir();
    await waitFor('a second try', () => fault.calls > 1);
    expect([heldBy(streams), publisher.isClosed]).toEqual([[PREVIEW], false]);
    expect(streams.held[0]?.hasPublisher).toBe(true);
    fault.isBroken = false;
    await holds(streams, ON_AIR);
    expect(publisher.isClosed).toBe(false);
  });

  test('a broadcast ends all the same, and its publisher comes back to its preview', async () => {
    await goOnAir();
    const publisher = await publish(streams, 'a', GATED);
    const [stream] = streams.held;
    await goOffAir();
    expect(await publisher.ended).toMatchObject({ code: 'NetStream.Publish.Rejected' });
    await waitFor('the end', () => stream?.hasEnded);
    await publish(streams, 'b', GATED);
    expect(heldBy(streams)).toEqual([PREVIEW]);
  });
});

test('a broadcast that cannot go on as a preview ends all the same', async () => {
  const begin: LiveStore['begin'] = async (request) =>
    // As if its key had just been replaced.
    request.formerEpoch === undefined ? store.begin(request) : null;
  await goOnAir();
  const streams = startTask({ store: { ...store, begin } });
  const publisher = await publish(streams, 'a', GATED);
  const [stream] = streams.held;
  await goOffAir();
  await publisher.ended;
  await waitFor('the end', () => stream?.hasEnded);
});

describe('while a publish is being accepted', () => {
  let accepting: ReturnType<typeof deferred<void>>;
  beforeEach(() => {
    accepting = deferred();
  });

  test('requests for its broadcast wait for it', async () => {
    const hasBegun = deferred();
    const begin: LiveStore['begin'] = async (request) => {
      const begun = await store.begin(request);
      hasBegun.resolve();
      await accepting.promise;
      return begun;
    };
    await goOnAir();
    const streams = startTask({ store: { ...store, begin } });
    const publishing = publish(streams, 'a', GATED);
    await hasBegun.promise;
    const found = streams.findAnswerable(ON_AIR);
    accepting.resolve();
    await publishing;
    expect(await found).toBe(streams.held[0]);
  });

  test('the other encoder waits for it, so that both go on air together', async () => {
    const calls = { moves: 0, heartbeats: 0 };
    let isFirst = true;
    const claimPlaybackId: LiveStore['claimPlaybackId'] = async (claim) => {
      if (isFirst) {
        isFirst = false;
        await accepting.promise;
      }
      return store.claimPlaybackId(claim);
    };
    const begin: LiveStore['begin'] = (request) => {
      if (request.formerEpoch !== undefined) calls.moves += 1;
      return store.begin(request);
    };
    const heartbeat: LiveStore['heartbeat'] = (beat) => {
      calls.heartbeats += 1;
      return store.heartbeat(beat);
    };
    const streams = startTask({ store: { ...store, claimPlaybackId, begin, heartbeat } });
    const backing = publish(streams, 'b', { ...BACKED, ingest: 'backup' });
    const primary = await publish(streams, 'a', BACKED);
    await goOnAir();
    const heardBefore = calls.heartbeats;
    await waitFor('the word to be heard', () => calls.heartbeats > heardBefore + 2);
    expect([calls.moves, heldBy(streams)]).toEqual([0, [PREVIEW]]);
    accepting.resolve();
    const backup = await backing;
    await holds(streams, ON_AIR);
    expect([primary.isClosed, backup.isClosed]).toEqual([false, false]);
  });
});

describe('while a publish is on its way from its preview', () => {
  let moving: ReturnType<typeof deferred<void>>;
  let hasAsked: ReturnType<typeof deferred<void>>;
  let streams: LiveStreams;
  beforeEach(() => {
    [moving, hasAsked] = [deferred(), deferred()];
    const begin: LiveStore['begin'] = async (request) => {
      if (request.formerEpoch !== undefined) {
        hasAsked.resolve();
        await moving.promise;
      }
      return store.begin(request);
    };
    streams = startTask({ store: { ...store, begin } });
  });

  test('its publisher may leave, and is on air when it comes back', async () => {
    const publisher = await publish(streams, 'a', GATED);
    await goOnAir();
    await hasAsked.promise;
    publisher.leave();
    moving.resolve();
    await waitFor('the stream that waits', () => streams.find(ON_AIR));
    expect(streams.held.map(({ hasPublisher }) => hasPublisher)).toEqual([false]);
    await publish(streams, 'b', GATED);
    expect(heldBy(streams)).toEqual([ON_AIR]);
  });

  test('the next connection waits for it, and then takes the stream', async () => {
    const publisher = await publish(streams, 'a', GATED);
    await goOnAir();
    await hasAsked.promise;
    publisher.leave();
    const next = publish(streams, 'b', GATED);
    moving.resolve();
    await next;
    expect(streams.held).toMatchObject([{ playbackId: ON_AIR, hasPublisher: true }]);
    expect(await store.get(streamId)).toMatchObject({ owner: 'b' });
  });

  test('a publish on another task takes the stream, and nobody takes it back', async () => {
    const publisher = await publish(streams, 'a', GATED);
    await goOnAir();
    await hasAsked.promise;
    const other = startTask();
    await publish(other, 'b', GATED);
    moving.resolve();
    expect(await publisher.ended).toMatchObject({ code: 'NetStream.Publish.BadName' });
    expect(heldBy(other)).toEqual([ON_AIR]);
    expect(await store.get(streamId)).toMatchObject({ owner: 'b' });
  });

  test('the backup encoder joins it when it is there', async () => {
    await publish(streams, 'a', BACKED);
    await goOnAir();
    await hasAsked.promise;
    const joining = publish(streams, 'b', { ...BACKED, ingest: 'backup' });
    moving.resolve();
    await joining;
    expect(await store.get(streamId)).toMatchObject({ owner: 'a' });
    expect(heldBy(streams)).toEqual([ON_AIR]);
  });
});

test('both encoders of a stream go on air together, and the backup goes on without the primary one', async () => {
  const streams = startTask();
  const primary = await publish(streams, 'a', BACKED);
  const backup = await publish(streams, 'b', { ...BACKED, ingest: 'backup' });
  await goOnAir();
  await holds(streams, ON_AIR);
  primary.leave();
  expect(streams.held).toMatchObject([{ playbackId: ON_AIR, hasPublisher: true }]);
  // The primary encoder comes back to the broadcast, not to a preview.
  await publish(streams, 'c', BACKED);
  await goOffAir();
  await holds(streams, PREVIEW);
  expect(backup.isClosed).toBe(false);
});

test('a new key disconnects the publisher as ever, and the broadcast waits for whoever has it', async () => {
  await goOnAir();
  const streams = startTask();
  const publisher = await publish(streams, 'a', GATED);
  await store.requestEnd({ streamId, reason: 'key-rotated', minVersion: 2, nowMs: Date.now() });
  expect(await publisher.ended).toMatchObject({ code: 'NetStream.Publish.BadName' });
  expect(streams.held.map(({ hasEnded }) => hasEnded)).toEqual([false]);
  await publish(streams, 'b', { ...GATED, version: 2 });
  expect(heldBy(streams)).toEqual([ON_AIR]);
});

test('a purge ends the preview and the broadcast, and the next publish is a preview', async () => {
  await goOnAir();
  const streams = startTask();
  const publisher = await publish(streams, 'a', GATED);
  await store.requestEnd({
    ...{ streamId, reason: 'purged', minVersion: 2, nowMs: Date.now() },
    playbackIds: [ON_AIR, PREVIEW],
  });
  await publisher.ended;
  expect([await streams.findAnswerable(ON_AIR), await streams.findAnswerable(PREVIEW)]).toEqual([undefined, undefined]);
  const next = { ...GATED, version: 2, playbackId: 'pbbcdefghij234567', onAirPlaybackId: 'bbcdefghij234567' };
  await publish(streams, 'b', next);
  expect(heldBy(streams)).toEqual([next.playbackId]);
});

test('a task that was suspended does not tell viewers of an end when the stream is on air again elsewhere', async () => {
  const goesOn = deferred();
  let isSuspended = false;
  const heartbeat: LiveStore['heartbeat'] = async (beat) => {
    if (isSuspended) await goesOn.promise;
    return store.heartbeat(beat);
  };
  let offsetMs = 0;
  const suspended = startTask({ store: { ...store, heartbeat }, now: () => Date.now() + offsetMs });
  await publish(suspended, 'a', GATED);
  await goOnAir('first');
  await holds(suspended, ON_AIR);
  await goOffAir('first');
  await holds(suspended, PREVIEW);
  isSuspended = true;
  const other = startTask();
  await goOnAir('second');
  await publish(other, 'b', GATED);
  offsetMs = 3_000;
  const found = suspended.findAnswerable(ON_AIR);
  goesOn.resolve();
  expect(await found).toBeUndefined();
  expect(await other.findAnswerable(ON_AIR)).toBe(other.held[0]);
});

describe('on another task, when the first one is lost', () => {
  test.each([
    ['a preview is a preview', false, PREVIEW],
    ['a broadcast is on air', true, ON_AIR],
  ])('%s', async (_, isOnAir, playbackId) => {
    if (isOnAir) await goOnAir();
    const lost = startTask();
    await publish(lost, 'a', GATED);
    // Its publisher connects again, before anybody has noticed.
    const next = startTask();
    await publish(next, 'b', GATED);
    expect(heldBy(next)).toEqual([playbackId]);
    await waitFor('the first task to hear of it', () => lost.held.length === 0);
    // The word is followed there.
    await (isOnAir ? goOffAir() : goOnAir());
    await holds(next, isOnAir ? PREVIEW : ON_AIR);
  });
});
