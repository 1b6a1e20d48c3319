import type { EventBody } from '#domain/events.ts';
import { LiveStreams } from '#encoder/streams/live-streams.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { slowFfmpeg } from '../transcode/slow-ffmpeg.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { leaveAll, publish, STREAM } from './test-publish.ts';

const FRAME_RATE = 25;

test('a step is one event, and a publisher that comes back goes on at the same level', async () => {
  const database = await startTemporaryDynamoDb();
  const clip = await makeSourceTags({
    seconds: 30,
    video: { width: 320, height: 180, frameRate: `${FRAME_RATE}`, keyframeSeconds: 1 },
    audio: { sampleRateHz: 48_000, channels: 2 },
  });
  const events: EventBody[] = [];
  const streams = new LiveStreams({
    store: createLiveStore({ client: database.client, tables: TEST_TABLES }),
    reconnectWindowMs: 10_000,
    slots: 1,
    arbiter: testArbiter({ limits: { urgentBacklogMs: 500, urgentMs: 500 } }),
    emit: (event) => events.push(event),
    spawn: slowFfmpeg((args) => (args.some((arg) => arg.includes('select=')) ? 0 : 1000 / FRAME_RATE / 0.7)),
    now: Date.now,
    log: createLogger({ service: 'test', level: 'silent' }),
  });
  try {
    const stream = { ...STREAM, latency: 'low' } as const;
    const first = await publish(streams, 'a', stream);
    void first.send(clip);
    const ofType = (type: EventBody['type']): EventBody[] => events.filter((event) => event.type === type);
    await waitFor('the step', async () => ofType('stream.quality-changed')[0]);
    expect(ofType('stream.quality-changed')).toEqual([
      {
        ...{ type: 'stream.quality-changed', streamId: 'stream-1', playbackId: 'playback-1', direction: 'down' },
        renditions: [{ name: '360p', frameRate: FRAME_RATE / 2 }],
      },
    ]);
    expect(streams.load().streamsReduced).toBe(1);
    first.leave();
    expect(streams.load().streamsReduced).toBe(0);
    const second = await publish(streams, 'b', stream);
    void second.send(clip);
    await waitFor('the second publish', async () => streams.load().streamsReduced === 1);
    const { version } = streams.find(STREAM.playbackId) ?? { version: 0 };
    await waitFor('new media', async () => (streams.find(STREAM.playbackId)?.version ?? 0) > version + 10);
    expect(events.map(({ type }) => type)).toEqual(['stream.live', 'stream.quality-changed']);
  } finally {
    leaveAll();
    await streams.close();
    await database.close();
  }
});
