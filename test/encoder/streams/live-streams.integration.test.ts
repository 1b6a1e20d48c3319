import { type ChildProcess, spawn } from 'node:child_process';
import type { EventBody } from '#domain/events.ts';
import type { RefusalCode } from '#domain/ingest-auth.ts';
import type { EndReason } from '#domain/streams.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { PublishRefusal } from '#encoder/rtmp/publisher.ts';
import type { LiveStreams } from '#encoder/streams/live-streams.ts';
import { type BreakableProxy, startBreakableProxy } from '#kit/breakable-proxy.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createDocumentClient } from '#runtime/aws-clients.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { useLocalAws } from '#scripts/local/aws-environment.ts';
import { makePublish } from '#test/support/live-store-calls.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { makeStreams } from './make-streams.ts';
import { leaveAll, publish, STREAM, type TestPublish } from './test-publish.ts';

const VIDEO = { width: 320, height: 180, frameRate: '25' } as const;
const STEREO = { sampleRateHz: 48_000, channels: 2 } as const;
const RECONNECT_WINDOW_MS = 500;
/** The stream as ingest-auth returns it after a change. */
const NEXT_VERSION = { ...STREAM, version: 2 };

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let proxy: BreakableProxy;
/** Uses the product's client with its timeouts, through the proxy. */
let store: LiveStore;
/** Bypasses the proxy. */
let control: LiveStore;
let clip: readonly FlvTag[];
let streams: LiveStreams;
/** Runs instead of FFmpeg if a test sets it. */
let program: readonly [string, ...string[]] | null = null;
const events: EventBody[] = [];
const processes: ChildProcess[] = [];

beforeAll(async () => {
  clip = await makeSourceTags({ seconds: 20, video: VIDEO, audio: STEREO });
});
beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  proxy = await startBreakableProxy(database.url);
  useLocalAws(process.env, { dynamoDbUrl: proxy.url, lambdaUrl: proxy.url, cloudFrontUrl: proxy.url });
  store = createLiveStore({ client: createDocumentClient(), tables: TEST_TABLES });
  control = createLiveStore({ client: database.client, tables: TEST_TABLES });
  events.length = 0;
  processes.length = 0;
  program = null;
  streams = makeStreams({
    store,
    reconnectWindowMs: RECONNECT_WINDOW_MS,
    emit: (event) => events.push(event),
    spawn: (command, args, options) => {
      const [file, ...fileArgs] = program ?? [command, ...args];
      const child = spawn(file, fileArgs, options);
      processes.push(child);
      return child;
    },
  });
});
afterEach(async () => {
  await proxy.mend();
  leaveAll();
  await streams.close();
  await proxy.close();
  await database.close();
});

const types = (): string[] => events.map(({ type }) => type);
const eventOf = <Type extends EventBody['type']>(type: Type, count = 1) =>
  waitFor(`${count} of ${type}`, async () => events.filter((event) => event.type === type)[count - 1]);

function currentPackage(): StreamPackage {
  const found = streams.find(STREAM.playbackId);
  if (found === undefined) throw new Error('there is no stream');
  return found;
}

async function goLive(id = 'a'): Promise<TestPublish> {
  const publisher = await publish(streams, id);
  void publisher.send(clip);
  await eventOf('stream.live');
  return publisher;
}

const exits = (): Promise<unknown> =>
  waitFor('the end of every FFmpeg', async () =>
    processes.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
  );

/** Resolves when viewers have new media. */
async function goesOn(): Promise<void> {
  const { version } = currentPackage();
  await waitFor('new media', async () => currentPackage().version > version + 10);
}

test('a stream is live once viewers can play it, and ends if nobody comes back in the reconnect window', async () => {
  const publisher = await publish(streams, 'a');
  expect(types()).toEqual([]);
  void publisher.send(clip);
  await eventOf('stream.live');
  expect(currentPackage().playableRun).not.toBeNull();
  publisher.leave();
  expect(currentPackage().ended).toBe(false);
  const ended = await eventOf('stream.ended');
  expect(ended).toMatchObject({ streamId: 'stream-1', playbackId: 'playback-1', reason: 'publisher-lost' });
  expect(currentPackage().ended).toBe(true);
  expect(types()).toEqual(['stream.live', 'stream.ended']);
  await exits();
  await waitFor('the end in the store', async () => (await control.get('stream-1')) === null);
});

/** Requests an end as the control API does for a stream at the version of `STREAM`. */
const requestEnd = (reason: EndReason) =>
  control.requestEnd({
    ...{ streamId: STREAM.streamId, reason, minVersion: NEXT_VERSION.version },
    ...{ playbackIds: [STREAM.playbackId], nowMs: Date.now() },
  });

/** Expects a PublishRefusal and its `stream.refused` event. */
async function expectRefusal(publishing: Promise<unknown>, code: RefusalCode, description: RegExp): Promise<void> {
  const refusal = await publishing.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(refusal instanceof PublishRefusal)) throw new Error(`no refusal but ${refusal}`);
  expect(refusal).toMatchObject({ code, message: expect.stringMatching(description) });
  expect(events.at(-1)).toMatchObject({ type: 'stream.refused', code, description: refusal.message });
}

test('if a stream is stopped, its publisher is told why and viewers see the end', async () => {
  const publisher = await goLive();
  await requestEnd('stopped');
  const { code, description } = await publisher.ended;
  expect(code).toBe('NetStream.Publish.BadName');
  expect(description).toContain('stopped');
  expect(await eventOf('stream.ended')).toMatchObject({ reason: 'stopped' });
  expect(currentPackage().ended).toBe(true);
  await exits();
});

describe.each(['deleted', 'purged'] as const)('a stream that is %s', (reason) => {
  test('is forgotten at once, on the task and in the store, and its publisher is told why', async () => {
    const publisher = await goLive();
    const [stream] = streams.held;
    await requestEnd(reason);
    const { code, description } = await publisher.ended;
    expect(code).toBe('NetStream.Publish.BadName');
    expect(description).toContain(reason);
    expect(streams.find(STREAM.playbackId)).toBeUndefined();
    expect(await streams.findAnswerable(STREAM.playbackId)).toBeUndefined();
    // A request that waits for media gets no answer from the stream either.
    expect(await stream?.mayAnswer()).toBe(false);
    expect(events.at(-1)).toMatchObject({ type: 'stream.ended', reason });
    await waitFor('the end in the store', async () => (await control.listHolds(STREAM.streamId)).length === 0);
    await exits();
  });

  test('is forgotten if it waits for its publisher, or has ended and its end is still kept', async () => {
    const publisher = await goLive();
    publisher.leave();
    await eventOf('stream.ended');
    await requestEnd(reason);
    await waitFor('the end in the store', async () => (await control.listHolds(STREAM.streamId)).length === 0);
    expect(streams.find(STREAM.playbackId)).toBeUndefined();
    expect(types()).toEqual(['stream.live', 'stream.ended']);
  });
});

test('a purge leaves nothing of the broadcast before, whose end the task keeps under another playback id', async () => {
  (await goLive()).leave();
  const next = { ...NEXT_VERSION, playbackId: 'playback-2' };
  void (await publish(streams, 'b', next)).send(clip);
  expect(await streams.findAnswerable(STREAM.playbackId)).toBeDefined();
  await control.requestEnd({
    ...{ streamId: STREAM.streamId, reason: 'purged', minVersion: 3, nowMs: Date.now() },
    playbackIds: ['playback-2', STREAM.playbackId],
  });
  await waitFor('the end in the store', async () => (await control.listHolds(STREAM.streamId)).length === 0);
  for (const id of ['playback-2', STREAM.playbackId]) expect(await streams.findAnswerable(id)).toBeUndefined();
});

test('a publish that comes before the task has heard of a purge leaves nothing of the broadcast before', async () => {
  const beating: LiveStore['heartbeat'] = async () => ({ held: true, reason: null });
  streams = makeStreams({ store: { ...store, heartbeat: beating }, emit: (event) => events.push(event) });
  await publish(streams, 'a');
  expect(await streams.findAnswerable(STREAM.playbackId)).toBeDefined();
  await requestEnd('purged');
  await publish(streams, 'b', { ...NEXT_VERSION, playbackId: 'playback-2' });
  expect(await streams.findAnswerable(STREAM.playbackId)).toBeUndefined();
  expect((await control.listHolds(STREAM.streamId)).map(({ playbackId }) => playbackId)).toEqual(['playback-2']);
});

test('the key of a stopped stream may start a new broadcast', async () => {
  const publisher = await goLive();
  await requestEnd('stopped');
  await publisher.ended;
  const next = await publish(streams, 'b');
  void next.send(clip);
  await eventOf('stream.live', 2);
  expect(currentPackage().ended).toBe(false);
});

test.each(['key-rotated', 'deleted', 'purged'] as const)(
  'an authorised publish is refused for good if its end is requested before it begins (%s)',
  async (reason) => {
    await requestEnd(reason);
    await expectRefusal(publish(streams, 'a'), 'NetStream.Publish.BadName', /no longer valid/);
    expect(streams.find(STREAM.playbackId)).toBeUndefined();
    expect(await control.get(STREAM.streamId)).toBeNull();
  },
);

test('a second stream with the same playback id is refused, and the first one goes on', async () => {
  const publisher = await goLive();
  const other = { ...STREAM, streamId: 'stream-2' };
  await expectRefusal(publish(streams, 'b', other), 'NetStream.Publish.Rejected', /playback id/);
  expect(await control.get('stream-2')).toBeNull();
  await goesOn();
  expect(publisher.isClosed).toBe(false);
});

test('one of two streams that begin at once with the same playback id is refused', async () => {
  const other = { ...STREAM, streamId: 'stream-2' };
  const outcomes = await Promise.allSettled([publish(streams, 'a'), publish(streams, 'b', other)]);
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ reason: { code: 'NetStream.Publish.Rejected' } });
});

test('after a key rotation the publisher is told, and a publisher with the new key continues the stream', async () => {
  const publisher = await goLive();
  const watched = currentPackage();
  await requestEnd('key-rotated');
  expect(await publisher.ended).toMatchObject({ code: 'NetStream.Publish.BadName' });
  const next = await publish(streams, 'b', NEXT_VERSION);
  void next.send(clip);
  await goesOn();
  expect(currentPackage()).toBe(watched);
  next.leave();
  expect(await eventOf('stream.ended')).toMatchObject({ reason: 'publisher-lost' });
  expect(types()).toEqual(['stream.live', 'stream.ended']);
});

test('a stream ends with the reason key-rotated if nobody publishes with the new key', async () => {
  const publisher = await goLive();
  await requestEnd('key-rotated');
  await publisher.ended;
  expect(await eventOf('stream.ended')).toMatchObject({ reason: 'key-rotated' });
});

test('a publisher is told if another task has taken over its stream', async () => {
  const publisher = await goLive();
  await control.begin(makePublish('stream-1', { owner: 'b' }));
  expect(await publisher.ended).toMatchObject({
    ...{ code: 'NetStream.Publish.BadName', description: expect.stringContaining('another connection') },
  });
  expect((await control.get('stream-1'))?.owner).toBe('b');
});

test('an FFmpeg process that is killed is replaced, and an event reports it', async () => {
  const publisher = await goLive();
  processes[0]?.kill('SIGKILL');
  expect(await eventOf('encoder.restarted')).toMatchObject({ streamId: 'stream-1', reason: 'died' });
  await goesOn();
  publisher.leave();
  await eventOf('stream.ended');
  expect(types()).toEqual(['stream.live', 'encoder.restarted', 'stream.ended']);
});

test('a stream in its reconnect window ends with the reason shutdown if the task closes', async () => {
  const publisher = await goLive();
  publisher.leave();
  await streams.close();
  expect(events.at(-1)).toMatchObject({ type: 'stream.ended', reason: 'shutdown' });
  expect(currentPackage().ended).toBe(true);
  await exits();
});

test('a publisher that sends nothing starts no FFmpeg and causes no event', async () => {
  const publisher = await publish(streams, 'a');
  await waitFor('its health', async () => (await control.get('stream-1'))?.health);
  publisher.leave();
  await waitFor('the end', async () => currentPackage().ended);
  expect(events).toEqual([]);
  expect(processes).toEqual([]);
});

test('a publisher whose source is not supported is told the reason', async () => {
  const publisher = await publish(streams, 'a');
  const sorensonFrame = { type: 9, timestampMs: 0, payload: Buffer.from([0x12, 0, 0, 0]) } as const;
  publisher.burst([sorensonFrame]);
  const { code, description } = await publisher.ended;
  expect(code).toBe('NetStream.Publish.Rejected');
  expect(description).toContain('Sorenson');
  expect(events).toEqual([
    { type: 'stream.refused', streamId: 'stream-1', code, description, sourceAddress: '192.0.2.1' },
  ]);
});

test('a live stream whose source becomes unsupported ends with the reason source-unsupported', async () => {
  const publisher = await goLive();
  publisher.burst([{ type: 9, timestampMs: 1_000, payload: Buffer.from([0x12, 0, 0, 0]) }]);
  await publisher.ended;
  expect(await eventOf('stream.ended')).toMatchObject({ reason: 'source-unsupported' });
  expect(types()).toEqual(['stream.live', 'stream.publish-ended', 'stream.ended']);
  expect(events[1]).toMatchObject({ reason: 'source-unsupported', description: expect.stringContaining('Sorenson') });
});

test('FFmpeg output that is not valid media ends its publish and nothing else', async () => {
  const mdatAlone = "require('node:fs').writeSync(3, Buffer.from('000000086d646174', 'hex')); process.stdin.resume()";
  program = [process.execPath, '-e', mdatAlone];
  const publisher = await publish(streams, 'a');
  void publisher.send(clip);
  expect(await publisher.ended).toMatchObject({ code: 'NetStream.Publish.Rejected' });
  expect(types()).toEqual(['stream.refused']);
  program = null;
  await goLive('b');
});

test('while DynamoDB is unreachable, live streams go on and new publishes are refused, and it recovers afterwards', async () => {
  const publisher = await goLive();
  await proxy.refuse();
  const other = { ...STREAM, streamId: 'stream-2', playbackId: 'playback-2' };
  await expect(publish(streams, 'b', other)).rejects.toThrow();
  expect(events.at(-1)).toMatchObject({
    ...{ type: 'stream.refused', streamId: 'stream-2', code: 'NetStream.Publish.Rejected' },
  });
  await goesOn();
  expect(publisher.isClosed).toBe(false);
  await proxy.mend();
  const next = await publish(streams, 'c', other);
  next.leave();
  const brokenUntilMs = Date.now();
  await waitFor(
    'a heartbeat',
    async () => ((await control.get('stream-1'))?.leaseUntilMs ?? 0) > brokenUntilMs + LEASE_DURATION_MS - 500,
  );
  expect(publisher.isClosed).toBe(false);
  expect(processes).toHaveLength(1);
});
