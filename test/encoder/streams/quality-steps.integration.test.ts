import { encodingVCpus } from '#domain/encoder-capacity.ts';
import type { EventBody } from '#domain/events.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { LiveStreams } from '#encoder/streams/live-streams.ts';
import { TaskRoom } from '#encoder/streams/task-room.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { slowFfmpeg } from '../transcode/slow-ffmpeg.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { leaveAll, publish, STREAM } from './test-publish.ts';

const FRAME_RATE = 25;

const stream = { ...STREAM, latency: 'low' } as const;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let clip: readonly FlvTag[];
const events: EventBody[] = [];
const tasks: LiveStreams[] = [];

beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  clip = await makeSourceTags({
    seconds: 30,
    video: { width: 640, height: 360, frameRate: `${FRAME_RATE}`, keyframeSeconds: 1 },
    audio: { sampleRateHz: 48_000, channels: 2 },
  });
});

afterEach(async () => {
  leaveAll();
  await Promise.all(tasks.splice(0).map((streams) => streams.close()));
  events.length = 0;
});

afterAll(() => database.close());

/** A task that encodes all frames too slowly, and half of them fast enough. */
function startTask(taskId: string): LiveStreams {
  const streams = new LiveStreams({
    task: { taskId, address: '127.0.0.1:1' },
    store: createLiveStore({ client: database.client, tables: TEST_TABLES }),
    takeOver: async () => null,
    traces: { put: async () => undefined },
    reconnectWindowMs: 10_000,
    room: new TaskRoom({ capacityVCpus: 2, now: Date.now }),
    architecture: 'x64',
    arbiter: testArbiter({ limits: { lateMs: 500, stayLateMs: 500 } }),
    slates: null,
    emit: (event) => events.push(event),
    spawn: slowFfmpeg((args) => (args.some((arg) => arg.includes('select=')) ? 0 : 1000 / FRAME_RATE / 0.7)),
    now: Date.now,
    steadyNow: () => performance.now(),
    log: createLogger({ service: 'test', level: 'silent' }),
  });
  tasks.push(streams);
  return streams;
}

/** Publishes until the stream has stepped down. */
async function stepDown(streams: LiveStreams) {
  const publisher = await publish(streams, 'a', stream);
  void publisher.send(clip);
  await waitFor('the step', async () => events.find(({ type }) => type === 'stream.quality-changed'));
  return publisher;
}

const isReduced = (streams: LiveStreams) =>
  waitFor('a reduced stream', async () => streams.load().streamsReduced === 1);

const newMedia = (streams: LiveStreams) => {
  const { version } = streams.find(STREAM.playbackId) ?? { version: 0 };
  return waitFor('new media', async () => (streams.find(STREAM.playbackId)?.version ?? 0) > version + 10);
};

test('a step is one event and leaves the room as it is, and a publisher that comes back goes on at the same level', async () => {
  const streams = startTask('task-1');
  const source = { width: 640, height: 360, frameRate: FRAME_RATE };
  const costVCpus = encodingVCpus({ rungs: [{ name: '360p', frameStep: 1 }], source, architecture: 'x64' });
  const first = await stepDown(streams);
  expect(events.filter(({ type }) => type === 'stream.quality-changed')).toEqual([
    {
      ...{ type: 'stream.quality-changed', streamId: 'stream-1', playbackId: 'playback-1', direction: 'down' },
      renditions: [{ name: '360p', frameRate: FRAME_RATE / 2 }],
    },
  ]);
  expect(streams.load()).toMatchObject({ streamsReduced: 1, room: { usedVCpus: costVCpus } });
  first.leave();
  expect(streams.load().streamsReduced).toBe(0);
  const second = await publish(streams, 'b', stream);
  void second.send(clip);
  await isReduced(streams);
  await newMedia(streams);
  expect(events.map(({ type }) => type)).toEqual(['stream.live', 'stream.quality-changed']);
});

test('a publisher that comes back on another task goes on at the same level', async () => {
  const former = startTask('task-1');
  const first = await stepDown(former);
  first.leave();
  const held = createLiveStore({ client: database.client, tables: TEST_TABLES });
  await waitFor(
    'the level in the store',
    async () => (await held.getHeld(STREAM.streamId))?.broadcast?.qualityLevel === 1,
  );
  const next = startTask('task-2');
  const second = await publish(next, 'b', stream);
  void second.send(clip);
  await isReduced(next);
  await newMedia(next);
  expect(events.filter(({ type }) => type === 'stream.quality-changed')).toHaveLength(1);
});
