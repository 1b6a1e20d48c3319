import { GetCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { updateIf } from '#runtime/conditional-writes.ts';
import { EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';

const STREAM_ID = 'stream-1';
const OTHER_TASK = makeStreamHolder({ taskId: 'task-2' });
const PUBLISH = makePublish(STREAM_ID);
const BEAT = makeHeartbeat(STREAM_ID);
const LEAVE = { ...BEAT, owner: null };
const END = { streamId: STREAM_ID, nowMs: Date.now() };

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: LiveStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createLiveStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

/** A store whose updates go through `deliver`, as through a network. */
function storeBehind(deliver: (update: UpdateCommandInput) => Promise<unknown>): LiveStore {
  const client = Object.create(database.client, {
    send: {
      value: (command: UpdateCommand, options: object) =>
        command instanceof UpdateCommand ? deliver(command.input) : database.client.send(command, options),
    },
  });
  return createLiveStore({ client, tables: TEST_TABLES });
}

const send = (update: UpdateCommandInput) => database.client.send(new UpdateCommand(update));

async function storedItem(): Promise<unknown> {
  const key = { TableName: TEST_TABLES.LIVE_TABLE, Key: { streamId: STREAM_ID } };
  return (await database.client.send(new GetCommand({ ...key, ConsistentRead: true }))).Item;
}

const takeOver = () =>
  store.takeOver({
    ...{ streamId: STREAM_ID, formerEpoch: EPOCHS_PER_PUBLISH, leaseUntilMs: Date.now() + LEASE_DURATION_MS },
    ...{ holder: OTHER_TASK, broadcast: makeBroadcastState() },
  });

test.each<[string, () => Promise<unknown>]>([
  ['was stopped', () => store.requestEnd({ ...END, reason: 'stopped' })],
  ['got another key', () => store.requestEnd({ ...END, reason: 'key-rotated', minVersion: 2 })],
  ['was deleted', () => store.requestEnd({ ...END, reason: 'deleted', minVersion: 2, playbackIds: ['playback-1'] })],
  ['lost its publisher', () => store.heartbeat(LEAVE)],
  ['ended and was forgotten', async () => [await store.heartbeat(LEAVE), await store.forget(BEAT)]],
  ['was published from another task', () => store.begin(makePublish(STREAM_ID, { owner: 'b', holder: OTHER_TASK }))],
  ['was taken over', takeOver],
])('a begin that is delivered once more after its stream %s changes nothing', async (_, happen) => {
  const updates: UpdateCommandInput[] = [];
  const noting = storeBehind((update) => {
    updates.push(update);
    return send(update);
  });
  await noting.begin(PUBLISH);
  await happen();
  const before = await storedItem();
  expect(updates).toHaveLength(1);
  for (const update of updates) expect(await updateIf(database.client, update)).toBeNull();
  expect(await storedItem()).toEqual(before);
});

test('a heartbeat that comes after its stream was forgotten does not make its task the holder again', async () => {
  await store.begin(PUBLISH);
  await store.heartbeat(LEAVE);
  await store.forget(BEAT);
  await Promise.allSettled([BEAT, LEAVE].map((late) => store.heartbeat(late)));
  expect(await store.getHeld(STREAM_ID)).toBeNull();
  expect(await store.get(STREAM_ID)).toBeNull();
});

test('a begin whose answer was lost is not begun again by its repeat, even if the stream was stopped meanwhile', async () => {
  const repeating = storeBehind(async (update) => {
    await send(update);
    expect(await store.requestEnd({ ...END, reason: 'stopped' })).toBe(true);
    return send(update);
  });
  expect(await repeating.begin(PUBLISH)).toMatchObject({ firstEpoch: 1, epoch: EPOCHS_PER_PUBLISH });
  expect(await store.heartbeat(BEAT)).toEqual({ held: false, reason: 'stopped' });
});

test('a begin that lost to another one takes the stream from it, with epochs above it', async () => {
  let isFirst = true;
  const late = storeBehind(async (update) => {
    if (isFirst) await store.begin(makePublish(STREAM_ID, { owner: 'b', holder: OTHER_TASK }));
    isFirst = false;
    return send(update);
  });
  expect(await late.begin(PUBLISH)).toMatchObject({
    firstEpoch: 1 + EPOCHS_PER_PUBLISH,
    former: { holder: OTHER_TASK },
  });
});

test('a connection that publishes again begins again', async () => {
  await store.begin(PUBLISH);
  await store.heartbeat(LEAVE);
  expect(await store.begin({ ...PUBLISH, startedAt: new Date().toISOString() })).toMatchObject({
    firstEpoch: 1 + EPOCHS_PER_PUBLISH,
  });
});

test('a publish that a second task is offered, because the first did not answer, has epochs of its own there', async () => {
  await store.begin(PUBLISH);
  expect(await store.begin({ ...PUBLISH, holder: OTHER_TASK })).toMatchObject({
    firstEpoch: 1 + EPOCHS_PER_PUBLISH,
    former: { holder: PUBLISH.holder },
  });
});
