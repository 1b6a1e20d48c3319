import { type ChildProcess, spawn } from 'node:child_process';
import type { EventBody } from '#domain/events.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { LiveStreams, type LiveStreamsOptions } from '#encoder/streams/live-streams.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore, type LiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { H264, publishWithFfmpeg, testAudio, testVideo } from '../media/ffmpeg.ts';
import { RecordingServer } from '../rtmp/recording-server.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { leaveAll, publish, STREAM } from './test-publish.ts';

const REJECTED = 'NetStream.Publish.Rejected';
const NO_CAPACITY = /no capacity.*try again/i;
const REFUSAL = { name: 'PublishRefusal', code: REJECTED, message: expect.stringMatching(NO_CAPACITY) };
const LONG_MS = 60_000;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: LiveStore;
let streams: LiveStreams;
const events: EventBody[] = [];
const processes: ChildProcess[] = [];

beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  store = createLiveStore({ client: database.client, tables: TEST_TABLES });
});
beforeEach(() => {
  events.length = 0;
  processes.length = 0;
});
afterEach(async () => {
  leaveAll();
  await streams.close();
});
afterAll(() => database.close());

/** Starts the streams of a task. Their reconnect window is longer than any test. */
function startStreams(options: Pick<LiveStreamsOptions, 'slots'> & Partial<LiveStreamsOptions>): void {
  streams = new LiveStreams({
    arbiter: testArbiter(),
    store,
    reconnectWindowMs: LONG_MS,
    emit: (event) => events.push(event),
    spawn: (command, args, options) => {
      const child = spawn(command, args, options);
      processes.push(child);
      return child;
    },
    now: Date.now,
    log: createLogger({ service: 'test', level: 'silent' }),
    ...options,
  });
}

const streamOf = (name: string) => ({ ...STREAM, streamId: `stream-${name}`, playbackId: `playback-${name}` });
/** Publishes a stream that is named after its publisher. */
const publishOwn = (name: string) => publish(streams, `connection of ${name}`, streamOf(name));

test('a full task refuses a publish with a message for the broadcaster, and leaves the stream alone', async () => {
  startStreams({ slots: 2 });
  await publishOwn('a');
  await publishOwn('b');
  const nowMs = Date.now();
  await store.begin({
    streamId: 'stream-c',
    version: null,
    owner: 'elsewhere',
    startedAt: new Date(nowMs).toISOString(),
    nowMs,
  });
  await expect(publishOwn('c')).rejects.toMatchObject(REFUSAL);
  expect(events).toMatchObject([
    { type: 'stream.refused', streamId: 'stream-c', code: REJECTED, sourceAddress: '192.0.2.1' },
  ]);
  expect(events[0]).toHaveProperty('description', expect.stringMatching(NO_CAPACITY));
  expect(await store.get('stream-c')).toMatchObject({ owner: 'elsewhere', epoch: 1_000 });
  expect(streams.find('playback-c')).toBeUndefined();
  expect(streams.load()).toMatchObject({ slots: 2, slotsUsed: 2, streamsLive: 0, encoderSpeed: null });
});

test('only one of several simultaneous publishers gets the last slot', async () => {
  startStreams({ slots: 2 });
  await publishOwn('a');
  const results = await Promise.allSettled(['b', 'c', 'd'].map(publishOwn));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(REFUSAL);
  expect(streams.load().slotsUsed).toBe(2);
});

test('a publish that fails to begin frees its slot', async () => {
  startStreams({ slots: 1, store: { ...store, begin: () => Promise.reject(new Error('the store is gone')) } });
  await expect(publishOwn('a')).rejects.toThrow('the store is gone');
  expect(streams.load().slotsUsed).toBe(0);
});

test('a stream keeps its slot during its reconnect window', async () => {
  startStreams({ slots: 1 });
  (await publishOwn('a')).leave();
  await expect(publishOwn('b')).rejects.toMatchObject(REFUSAL);
  await publishOwn('a');
  expect(streams.load().slotsUsed).toBe(1);
});

test('a slot is free when the reconnect window is over', async () => {
  startStreams({ slots: 1, reconnectWindowMs: 50 });
  (await publishOwn('a')).leave();
  await waitFor('the end', async () => streams.find('playback-a')?.ended);
  await publishOwn('b');
  await expect(publishOwn('a')).rejects.toMatchObject(REFUSAL);
});

test('a slot is free at once if the broadcast is stopped', async () => {
  startStreams({ slots: 1 });
  const publisher = await publishOwn('a');
  await store.requestEnd({ streamId: 'stream-a', reason: 'stopped', nowMs: Date.now() });
  await publisher.ended;
  await publishOwn('b');
  expect(streams.load().slotsUsed).toBe(1);
});

test('the load reports how many streams are live and the lowest encoding speed', async () => {
  startStreams({ slots: 3 });
  const clip: readonly FlvTag[] = await makeSourceTags({
    seconds: 20,
    video: { width: 320, height: 180, frameRate: '25' },
    audio: null,
  });
  await publishOwn('silent');
  const publisher = await publishOwn('a');
  void publisher.send(clip);
  const load = await waitFor('its speed', async () => (streams.load().encoderSpeed === null ? null : streams.load()));
  expect(load).toMatchObject({ slots: 3, slotsUsed: 2, streamsLive: 1 });
  expect(load.encoderSpeed).toBeGreaterThan(0);
  publisher.leave();
  expect(streams.load()).toMatchObject({ slotsUsed: 2, streamsLive: 1, encoderSpeed: null });
});

describe('over RTMP', () => {
  let server: RecordingServer;
  afterEach(() => server.close());

  test('FFmpeg prints why it was refused, and a publisher that reconnects is accepted', async () => {
    startStreams({ slots: 1 });
    server = await RecordingServer.start({ acceptPublisher: (publisher) => streams.accept(publisher) });
    const clip = ['-re', ...testVideo('160x90', '25', 60), ...testAudio(60), ...H264, '-c:a', 'aac'];
    const first = publishWithFfmpeg(server.url('first'), clip);
    await waitFor('the broadcast', async () => streams.load().streamsLive === 1);

    const { code, stderr } = await publishWithFfmpeg(server.url('second'), clip);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(NO_CAPACITY);
    expect(await server.logged('publish refused')).toMatchObject({ streamId: 'stream-second', code: REJECTED });
    expect(server.logLines.map(({ msg }) => msg)).not.toContain('stream not accepted');
    expect(processes).toHaveLength(1);

    const again = await RtmpClient.open(server.port);
    expect(await again.publish('first')).toMatchObject({ 3: { code: 'NetStream.Publish.Start' } });
    expect((await first).code).not.toBe(0);
    expect(streams.load()).toMatchObject({ slotsUsed: 1, streamsLive: 1 });
    expect(events.map(({ type }) => type)).toEqual(['stream.live', 'stream.refused']);
  });
});
