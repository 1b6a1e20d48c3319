import { spawn } from 'node:child_process';
import type { EventBody } from '#domain/events.ts';
import { FlightRecorder } from '#encoder/streams/flight-recorder.ts';
import { LivePublish } from '#encoder/streams/live-publish.ts';
import { StreamEncoder, type StreamEncoderOptions } from '#encoder/streams/stream-encoder.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import { createLogger } from '#runtime/log.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { STREAM } from './test-publish.ts';

/** A publish that may use one epoch, so that its FFmpeg fails before it starts. */
function beginPublish() {
  const events: EventBody[] = [];
  const ends: string[] = [];
  const reasons: string[] = [];
  const spawned: string[] = [];
  const log = createLogger({ service: 'test', level: 'silent' });
  const spawnCounted: SpawnProcess = (command, args, options) => {
    spawned.push(command);
    return spawn(command, args, options);
  };
  const encoderOptions: StreamEncoderOptions = {
    published: STREAM,
    media: { fits: () => true, beginRun: () => ({ write: () => 0, end: () => 0 }) },
    firstLevel: 0,
    onCost: () => undefined,
    onRestart: () => undefined,
    onQualityStep: () => undefined,
    ...{ arbiter: testArbiter(), spawn: spawnCounted, steadyNow: () => performance.now(), log },
  };
  const encoders: StreamEncoder[] = [];
  const publish = new LivePublish({
    recorder: new FlightRecorder({
      streamId: STREAM.streamId,
      traces: { put: async () => undefined },
      now: Date.now,
      log,
    }),
    stream: {
      playbackId: STREAM.playbackId,
      isLive: false,
      encoderFor: (feeding) => {
        const encoder = new StreamEncoder(encoderOptions, feeding);
        encoders.push(encoder);
        return encoder;
      },
      onPublisherGone: (_publish, reason) => reasons.push(reason),
      onFailover: () => undefined,
    },
    // A connection closes the handler after this call, not in it.
    publisher: {
      ...{ id: 'a', remoteAddress: '192.0.2.1', software: null, stream: STREAM },
      ...{ sendAway: () => undefined, hasEnded: () => false },
      end: (_, description) => ends.push(description),
    },
    reserved: { first: 1, count: 1 },
    emit: (event) => events.push(event),
    now: Date.now,
    steadyNow: () => performance.now(),
  });
  const feed = async (): Promise<void> => {
    const clip = await makeSourceTags({ seconds: 1, video: { width: 320, height: 180, frameRate: '25' }, audio: null });
    for (const tag of clip) publish.handler.onTag(tag, Date.now());
    await Promise.all(encoders.map((encoder) => encoder.stop()));
  };
  return { publish, feed, events, ends, reasons, spawned };
}

test('the last epoch ends the publish before FFmpeg starts on it', async () => {
  const { feed, events, ends, spawned } = beginPublish();
  await feed();
  expect(ends).toEqual(['FFmpeg was restarted too often; connect again']);
  expect(events.map(({ type }) => type)).toEqual(['stream.refused']);
  expect(spawned).toEqual([]);
});

test('a failure while the end is near does not take the place of the reason for the end', async () => {
  const { publish, feed, ends, reasons } = beginPublish();
  publish.expectEnd('stopped');
  await feed();
  expect(ends).toHaveLength(1);
  publish.handler.onClose('lost');
  expect(reasons).toEqual(['stopped']);
});
