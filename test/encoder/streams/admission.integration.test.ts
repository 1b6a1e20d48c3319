import { type ChildProcess, spawn } from 'node:child_process';
import { publishVCpus } from '#domain/encoder-capacity.ts';
import type { EventBody } from '#domain/events.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { LiveStreams, LiveStreamsOptions } from '#encoder/streams/live-streams.ts';
import { TaskRoom } from '#encoder/streams/task-room.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore, type LiveStore } from '#runtime/live-store.ts';
import { makePublish } from '#test/support/live-store-calls.ts';
import { H264, publishWithFfmpeg, testAudio, testVideo } from '../media/ffmpeg.ts';
import { RecordingServer } from '../rtmp/recording-server.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { makeStreams } from './make-streams.ts';
import { leaveAll, publish, STREAM } from './test-publish.ts';

const REJECTED = 'NetStream.Publish.Rejected';
const NO_CAPACITY = /no capacity.*try again/i;
const REFUSAL = { name: 'PublishRefusal', code: REJECTED, message: expect.stringMatching(NO_CAPACITY) };

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

/** What the tests' streams take when they are authorised. */
const ONE = publishVCpus({ ladder: STREAM.ladder, architecture: 'x64' });

/** Starts the streams of a task with room for some. Their reconnect window is longer than any test. */
function startStreams(room: { readonly streams: number }, options: Partial<LiveStreamsOptions> = {}): void {
  streams = makeStreams({
    store,
    room: new TaskRoom({ capacityVCpus: room.streams * ONE, now: Date.now }),
    emit: (event) => events.push(event),
    spawn: (command, args, options) => {
      const child = spawn(command, args, options);
      processes.push(child);
      return child;
    },
    ...options,
  });
}

const streamOf = (name: string) => ({ ...STREAM, streamId: `stream-${name}`, playbackId: `playback-${name}` });
/** Publishes a stream that is named after its publisher. */
const publishOwn = (name: string) => publish(streams, `connection of ${name}`, streamOf(name));

test('a full task refuses a publish with a message for the broadcaster, and leaves the stream alone', async () => {
  startStreams({ streams: 2 });
  await publishOwn('a');
  await publishOwn('b');
  await store.begin(makePublish('stream-c', { owner: 'elsewhere' }));
  await expect(publishOwn('c')).rejects.toMatchObject(REFUSAL);
  expect(events).toMatchObject([
    { type: 'stream.refused', streamId: 'stream-c', code: REJECTED, sourceAddress: '192.0.2.1' },
  ]);
  expect(events[0]).toHaveProperty('description', expect.stringMatching(NO_CAPACITY));
  expect(await store.get('stream-c')).toMatchObject({ owner: 'elsewhere', epoch: 1_000 });
  expect(streams.find('playback-c')).toBeUndefined();
  expect(streams.load()).toMatchObject({
    room: { capacityVCpus: 2 * ONE, usedVCpus: 2 * ONE, freeVCpus: 0, unmetVCpus: ONE, turnedAway: 1 },
    streamsLive: 0,
    encoderSpeed: null,
  });
});

test('only one of several simultaneous publishers gets the last room', async () => {
  startStreams({ streams: 2 });
  await publishOwn('a');
  const results = await Promise.allSettled(['b', 'c', 'd'].map(publishOwn));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(REFUSAL);
  expect(streams.load().room.usedVCpus).toBe(2 * ONE);
});

test('a publish that fails to begin frees its room', async () => {
  startStreams({ streams: 1 }, { store: { ...store, begin: () => Promise.reject(new Error('the store is gone')) } });
  await expect(publishOwn('a')).rejects.toThrow('the store is gone');
  expect(streams.load().room.usedVCpus).toBe(0);
});

test('a stream keeps its room during its reconnect window', async () => {
  startStreams({ streams: 1 });
  (await publishOwn('a')).leave();
  await expect(publishOwn('b')).rejects.toMatchObject(REFUSAL);
  await publishOwn('a');
  expect(streams.load().room.usedVCpus).toBe(ONE);
});

test('a stream finds its room when it comes back with another playback id', async () => {
  startStreams({ streams: 1 });
  (await publishOwn('a')).leave();
  await publish(streams, 'again', { ...streamOf('a'), playbackId: 'playback-new' });
  await expect(publishOwn('b')).rejects.toMatchObject(REFUSAL);
  expect(streams.load().room.usedVCpus).toBe(ONE);
});

test('room is free when the reconnect window is over', async () => {
  startStreams({ streams: 1 }, { reconnectWindowMs: 50 });
  (await publishOwn('a')).leave();
  await waitFor('the end', async () => streams.find('playback-a')?.ended);
  await publishOwn('b');
  await expect(publishOwn('a')).rejects.toMatchObject(REFUSAL);
});

test('room is free at once if the broadcast is stopped', async () => {
  startStreams({ streams: 1 });
  const publisher = await publishOwn('a');
  await store.requestEnd({ streamId: 'stream-a', reason: 'stopped', nowMs: Date.now() });
  await publisher.ended;
  await publishOwn('b');
  expect(streams.load().room.usedVCpus).toBe(ONE);
});

test('once the source is known, a stream holds what it takes, which may be more than the task has', async () => {
  startStreams({ streams: 3 });
  const ladder = '1080p';
  const frameRate = 60;
  const clip = await makeSourceTags({ seconds: 1, video: { width: 640, height: 480, frameRate: '60' }, audio: null });
  await publishOwn('other');
  const source = { width: 640, height: 480, frameRate };
  const expected = ONE + publishVCpus({ ladder, source, architecture: 'x64' });
  await expect(publish(streams, 'x', { ...streamOf('large'), ladder })).rejects.toMatchObject(REFUSAL);

  const publisher = await publish(streams, 'y', { ...streamOf('large'), ladder: '360p' });
  publisher.leave();
  const larger = await publish(streams, 'z', { ...streamOf('large'), ladder });
  const { room } = streams.load();
  expect(room.usedVCpus).toBeGreaterThan(room.capacityVCpus);
  expect(room.freeVCpus).toBe(0);
  larger.burst(clip);
  await waitFor('the correction', async () => Math.abs(streams.load().room.usedVCpus - expected) < 0.001);
});

test('a refused publish of a taken playback id does not change what its stream holds', async () => {
  startStreams({ streams: 2 });
  await publishOwn('a');
  const foreign = { ...streamOf('a'), streamId: 'stream-b', ladder: '1080p' as const };
  await expect(publish(streams, 'b', foreign)).rejects.toMatchObject({ name: 'PublishRefusal' });
  expect(streams.load().room.usedVCpus).toBe(ONE);
});

test('the load reports how many streams are live and the lowest encoding speed', async () => {
  startStreams({ streams: 3 });
  const clip: readonly FlvTag[] = await makeSourceTags({
    seconds: 20,
    video: { width: 320, height: 180, frameRate: '25' },
    audio: null,
  });
  await publishOwn('silent');
  const publisher = await publishOwn('a');
  void publisher.send(clip);
  const load = await waitFor('its speed', async () => (streams.load().encoderSpeed === null ? null : streams.load()));
  expect(load).toMatchObject({ streamsLive: 1 });
  expect(load.encoderSpeed).toBeGreaterThan(0);
  publisher.leave();
  expect(streams.load()).toMatchObject({ streamsLive: 1, encoderSpeed: null });
});

describe('over RTMP', () => {
  let server: RecordingServer;
  afterEach(() => server.close());

  test('FFmpeg prints why it was refused, and a publisher that reconnects is accepted', async () => {
    // The server's streams have the ladder 720p. So small a source takes less, and still leaves no room for another.
    const capacityVCpus = publishVCpus({ ladder: '720p', architecture: 'x64' });
    startStreams({ streams: 1 }, { room: new TaskRoom({ capacityVCpus, now: Date.now }) });
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
    const { room, streamsLive } = streams.load();
    expect({ streamsLive, isFull: room.freeVCpus < ONE }).toEqual({ streamsLive: 1, isFull: true });
    expect(events.map(({ type }) => type)).toEqual(['stream.live', 'stream.refused']);
  });
});
