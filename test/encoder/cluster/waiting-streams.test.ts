import { createServer } from 'node:http';
import pino from 'pino';
import type { HeldStream } from '#domain/streams.ts';
import { TaskClient } from '#encoder/cluster/task-client.ts';
import { WaitingStreams, type WaitingStreamsOptions } from '#encoder/cluster/waiting-streams.ts';
import type { LiveStreams } from '#encoder/streams/live-streams.ts';
import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';
import { makeStreams } from '../streams/make-streams.ts';

const STREAM_ID = 'stream-1';
const TASK = { taskId: 'own', address: '127.0.0.1:1' };
/** How long a request to a holder may take where the task is suspended for longer. */
const ASK_LIMIT_MS = 200;
const SUSPENDED_MS = 300;
const LOG = pino({ level: 'silent' });
/** When every lease of this file is over. */
const later = () => Date.now() + 2 * LEASE_DURATION_MS;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: LiveStore;
let streams: LiveStreams;
let holder: Awaited<ReturnType<typeof listenOnLoopback>>;
let client: TaskClient;
/** What the holder answers to the question whether it holds the stream. */
let status = 200;
let onAsked: () => void = () => undefined;
let onAsking: () => void = () => undefined;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createLiveStore({ client: database.client, tables: TEST_TABLES });
  onAsked = () => undefined;
  onAsking = () => undefined;
  holder = await listenOnLoopback(
    createServer((_request, response) => {
      onAsked();
      response.writeHead(status).end();
    }),
  );
  client = new TaskClient({
    authorization: async () => {
      onAsking();
      return '';
    },
    accepts: async () => false,
  });
  streams = makeStreams({ task: TASK, store, reconnectWindowMs: 0 });
});
afterEach(async () => {
  await streams.close();
  client.close();
  await holder.close();
  await database.close();
});

/** Holds the event loop up, as a suspension does. */
const suspend = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SUSPENDED_MS);

/** A stream whose publisher has left and whose holder has not renewed its lease. */
async function waitingStream(): Promise<HeldStream> {
  const { host } = new URL(holder.url);
  await store.begin(makePublish(STREAM_ID, { holder: makeStreamHolder({ taskId: 'other', address: host }) }));
  const broadcast = makeBroadcastState({ publisherGoneAtMs: Date.now() });
  await store.heartbeat(makeHeartbeat(STREAM_ID, { owner: null, broadcast }));
  const held = await store.getHeld(STREAM_ID);
  if (held === null) throw new Error('nobody holds the stream');
  return held;
}

const settle = (held: HeldStream, settings: Partial<WaitingStreamsOptions> = {}): Promise<boolean> =>
  new WaitingStreams({
    ...{ task: TASK, store, streams, client, takeOver: async () => null, reconnectWindowMs: 0 },
    ...{ now: later, log: LOG, ...settings },
  }).settle(held);

test.each([
  ['holds it after all', 200, false, EPOCHS_PER_PUBLISH],
  ['knows nothing of it', 404, true, 2 * EPOCHS_PER_PUBLISH],
])('a stream of a task that %s', async (_, answer, isSettled, epoch) => {
  status = answer;
  expect(await settle(await waitingStream())).toBe(isSettled);
  expect(await store.getHeld(STREAM_ID)).toMatchObject({ epoch });
});

test.each([
  ['before it asks', () => (onAsking = suspend)],
  ['before it reads the answer', () => (onAsked = suspend)],
])('a task that is suspended %s learns nothing of the holder, and ends nothing', async (_, prepare) => {
  status = 200;
  const held = await waitingStream();
  prepare();
  expect(await settle(held, { askLimitMs: ASK_LIMIT_MS })).toBe(false);
  expect(await store.getHeld(STREAM_ID)).toMatchObject({ epoch: EPOCHS_PER_PUBLISH });
  [onAsking, onAsked, status] = [() => undefined, () => undefined, 404];
  expect(await settle(held)).toBe(true);
});

test.each([
  ['has died', 404, true],
  ['holds it', 200, false],
])(
  'a stream that was stopped ends at once if its holder %s, whatever is left of the lease',
  async (_, answer, isEnded) => {
    status = answer;
    const waiting = await waitingStream();
    const asked: string[] = [];
    const settings: Partial<WaitingStreamsOptions> = {
      now: Date.now,
      reconnectWindowMs: 60_000,
      takeOver: async ({ former }) => {
        asked.push(former.holder.taskId);
        return null;
      },
    };
    expect(await settle(waiting, settings)).toBe(false);
    await store.requestEnd({
      streamId: STREAM_ID,
      reason: 'stopped',
      publisherGoneAtMs: goneAtMsOf(waiting),
      nowMs: Date.now(),
    });
    const stopped = await store.getHeld(STREAM_ID);
    if (stopped === null) throw new Error('nobody holds the stream');
    expect(await settle(stopped, settings)).toBe(isEnded);
    // It must not answer for the stream any more, if it is alive after all.
    expect(asked).toEqual(isEnded ? ['other'] : []);
    await waitFor('its end', () => streams.held.every(({ hasEnded }) => hasEnded));
    expect(streams.held).toHaveLength(isEnded ? 1 : 0);
  },
);

const goneAtMsOf = ({ broadcast }: HeldStream): number => broadcast?.publisherGoneAtMs ?? 0;
