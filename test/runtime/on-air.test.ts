import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { type BeginRequest, EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';

const [PREVIEW, ON_AIR] = ['pabcdefghij234567', 'abcdefghij234567'];
const RECONNECT_WINDOW_MS = 30_000;
const NOW_MS = 1_700_000_000_000;
const streamId = 'stream-1';
const HOLDER = makeStreamHolder({ playbackId: PREVIEW });

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: LiveStore;
beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createLiveStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

let publishers = 0;
/** A publish of a stream that goes on air on a word, as a task begins it. */
const begin = (settings: Partial<BeginRequest> = {}) =>
  store.begin(
    makePublish(streamId, {
      ...{ owner: `connection-${++publishers}`, holder: HOLDER, nowMs: NOW_MS },
      onAir: { playbackId: ON_AIR, reconnectWindowMs: RECONNECT_WINDOW_MS },
      ...settings,
    }),
  );
/** A publish of the same stream while it goes on air by itself. */
const beginByItself = () =>
  store.begin(
    makePublish(streamId, { owner: `connection-${++publishers}`, holder: { ...HOLDER, playbackId: ON_AIR } }),
  );

const goOnAir = (onAirId: string) => store.goOnAir({ streamId, onAirId });
const goOffAir = (onAirId: string) => store.goOffAir({ streamId, onAirId });
const wordFor = async () => (await store.getPresence(streamId)).onAirId;
/** Who holds the stream for whom. */
const heldAs = async () => {
  const { playbackId, onAirId } = (await store.getHeld(streamId))?.holder ?? {};
  return [playbackId, onAirId];
};

test('a publish is a preview without a word, and on air with one that was given before', async () => {
  await begin();
  expect(await heldAs()).toEqual([PREVIEW, undefined]);
  expect(await goOnAir('first')).toBe(true);
  expect(await begin()).toMatchObject({ holder: { ...HOLDER, playbackId: ON_AIR, onAirId: 'first' } });
  expect(await heldAs()).toEqual([ON_AIR, 'first']);
});

test('a word may be given before the stream was ever published, and taken back', async () => {
  await goOnAir('first');
  expect([await wordFor(), await store.wasPublished(streamId)]).toEqual(['first', false]);
  expect(await goOffAir('first')).toBe(true);
  await begin();
  expect([await wordFor(), ...(await heldAs())]).toEqual([null, PREVIEW, undefined]);
});

test('a second word changes nothing while the first one counts, and only that one can be taken back', async () => {
  expect([await goOnAir('first'), await goOnAir('first'), await goOnAir('second')]).toEqual([true, true, false]);
  expect([await goOffAir('second'), await wordFor()]).toEqual([false, 'first']);
});

test('the holder hears of a word, and of its end, from its heartbeats', async () => {
  await begin();
  const beat = makeHeartbeat(streamId, { owner: `connection-${publishers}` });
  expect(await store.heartbeat(beat)).toEqual({ held: true, reason: null });
  await goOnAir('first');
  expect(await store.heartbeat(beat)).toEqual({ held: true, reason: null, onAirId: 'first' });
  await goOffAir('first');
  expect(await store.heartbeat(beat)).toEqual({ held: true, reason: null });
});

describe('a broadcast that has ended takes its word with it', () => {
  const epoch = EPOCHS_PER_PUBLISH;
  beforeEach(async () => {
    await goOnAir('first');
    await begin();
  });

  test.each([
    [
      'its holder says so in a heartbeat',
      () =>
        store.heartbeat(
          makeHeartbeat(streamId, { owner: null, broadcast: makeBroadcastState({ endedAtMs: 1 }), onAirId: 'first' }),
        ),
    ],
    ['its holder forgets it', () => store.forget({ streamId, epoch, onAirId: 'first' })],
    [
      'it is purged',
      () => store.requestEnd({ streamId, reason: 'purged', minVersion: 1, playbackIds: [ON_AIR], nowMs: NOW_MS }),
    ],
  ])('%s', async (_, end) => {
    await end();
    expect(await wordFor()).toBeNull();
    // Another word is given meanwhile, and nothing that the holder still writes takes it away.
    expect(await goOnAir('second')).toBe(true);
    await end();
    expect(await wordFor()).toBe('second');
    await begin();
    expect(await heldAs()).toEqual([ON_AIR, 'second']);
  });

  test('unless the publisher comes back before the end', async () => {
    await store.heartbeat(makeHeartbeat(streamId, { owner: null, onAirId: 'first' }));
    await begin({ nowMs: NOW_MS + LEASE_DURATION_MS + RECONNECT_WINDOW_MS });
    expect(await heldAs()).toEqual([ON_AIR, 'first']);
  });

  test('all tasks were lost for longer than a publisher is waited for', async () => {
    await begin({ nowMs: NOW_MS + LEASE_DURATION_MS + RECONNECT_WINDOW_MS + 1 });
    expect([await wordFor(), ...(await heldAs())]).toEqual([null, PREVIEW, undefined]);
  });

  test('its task was lost, and whoever ends it knows the word', async () => {
    const holder = { ...HOLDER, playbackId: ON_AIR, onAirId: 'first' };
    const broadcast = makeBroadcastState();
    await store.takeOver({ streamId, formerEpoch: epoch, holder, broadcast, leaseUntilMs: NOW_MS });
    expect(await heldAs()).toEqual([ON_AIR, 'first']);
  });
});

test('a stop is a request to end the broadcast of a word, for whoever holds it, until its end is known', async () => {
  await goOnAir('first');
  await begin();
  expect((await store.getHeld(streamId))?.requestedEnd).toBeNull();
  await goOffAir('first');
  expect((await store.getHeld(streamId))?.requestedEnd).toBe('stopped');
  expect(await begin()).toMatchObject({ isFormerStopped: true, former: { holder: { playbackId: ON_AIR } } });
  expect((await store.getHeld(streamId))?.requestedEnd).toBeNull();
});

test('the word of a stream that goes on air by itself is over with its next publish', async () => {
  await goOnAir('first');
  await beginByItself();
  expect(await wordFor()).toBeNull();
  await begin();
  expect(await heldAs()).toEqual([PREVIEW, undefined]);
});

describe('a publish that goes on under the other playback id', () => {
  const owner = 'moved';
  const move = (settings: Pick<BeginRequest, 'holder' | 'formerEpoch'> & Partial<BeginRequest>) =>
    store.begin(makePublish(streamId, { owner, startedAt: '2025-01-02T03:04:06.000Z', nowMs: NOW_MS, ...settings }));
  const onAir = { ...HOLDER, playbackId: ON_AIR, onAirId: 'first' };
  let epoch: number;
  beforeEach(async () => {
    epoch = (await begin({ owner }))?.epoch ?? 0;
  });

  test('is on air by the word, and a repeated call has the same result', async () => {
    await goOnAir('first');
    const begun = await move({ holder: onAir, formerEpoch: epoch });
    expect(begun).toMatchObject({ holder: onAir, former: { holder: HOLDER }, isFormerStopped: false });
    expect(await move({ holder: onAir, formerEpoch: epoch })).toEqual(begun);
  });

  test('stays where it is if the word is another one by then', async () => {
    expect(await move({ holder: onAir, formerEpoch: epoch })).toBeNull();
    await goOnAir('second');
    expect(await move({ holder: onAir, formerEpoch: epoch })).toBeNull();
    expect(await heldAs()).toEqual([PREVIEW, undefined]);
  });

  test('does not take the stream from a newer publish', async () => {
    await goOnAir('first');
    await begin({ owner: 'newer' });
    expect(await move({ holder: onAir, formerEpoch: epoch })).toBeNull();
    expect(await store.get(streamId)).toMatchObject({ owner: 'newer' });
  });

  test('leaves a word alone that came while it went off air', async () => {
    await goOnAir('first');
    const begun = await move({ holder: onAir, formerEpoch: epoch });
    await goOffAir('first');
    await goOnAir('second');
    await move({ holder: HOLDER, formerEpoch: begun?.epoch ?? 0, startedAt: '2025-01-02T03:04:07.000Z' });
    expect([await wordFor(), ...(await heldAs())]).toEqual(['second', PREVIEW, undefined]);
  });
});
