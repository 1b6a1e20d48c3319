import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { waitFor } from '#kit/wait-for.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { endsAtMs, SlateScene, type SlateSceneOptions } from './slate-scene.ts';
import { STREAM } from './test-publish.ts';

/** The clock of the dates and that of the media differ by rounding only. */
const DATE_MS = 2;

let clip: readonly FlvTag[];

beforeAll(async () => {
  const video = { width: 320, height: 180, frameRate: '25' };
  clip = await makeSourceTags({ seconds: 60, video, audio: { sampleRateHz: 48_000, channels: 2 } });
});

const inScene =
  (run: (scene: SlateScene) => Promise<void>, options: Omit<SlateSceneOptions, 'clip'> = {}) =>
  (): Promise<void> =>
    SlateScene.with({ clip, ...options }, run);

// They wait for real time, and run side by side.
test.concurrent(
  'while the publisher is away, playlists go on in real time with a slate, and no date is missing or twice',
  inScene(async (scene) => {
    const first = await scene.publishUntilSlateIsMade('a');
    first.leave();
    await scene.untilSeconds(2, 4);
    const newest = scene.segments().at(-1);
    if (newest === undefined) throw new Error('no segment');
    expect(endsAtMs(newest)).toBeLessThanOrEqual(Date.now());
    const second = await scene.publishClip('b');
    await scene.untilSeconds(1001, 2);
    second.leave();
    await scene.untilSeconds(1002, 2);
    // On a busy machine, FFmpeg may be so slow to start that the slate is shown again (3).
    expect(scene.epochs().filter((epoch) => epoch !== 3)).toEqual([1, 2, 1001, 1002]);
    expect(Math.max(...scene.dateGaps('360p', [2, 3, 1001]))).toBeLessThan(DATE_MS);
    expect(Math.max(...scene.dateGaps('audio', [2]))).toBeLessThan(DATE_MS);
    const sinceSlate = scene.segments().filter(({ epoch }) => epoch > 1 && epoch < 1002);
    expect(new Set(sinceSlate.map(({ discontinuityNumber }) => discontinuityNumber)).size).toBe(1);
    expect(scene.events.map(({ type }) => type)).toEqual(['stream.live']);
    expect(scene.slates).toHaveLength(1);
    expect(scene.initSection('360p', 2)).toEqual(scene.initSection('360p', 1));
    for (const name of ['360p', 'audio']) expect(await scene.decodingErrors(name, 2)).toBe('');
  }),
);

test.concurrent(
  'a publisher who catches up after its first picture begins where the slate ends',
  inScene(async (scene) => {
    const first = await scene.publishUntilSlateIsMade('a');
    first.leave();
    await scene.untilSeconds(2, 1);
    const second = await scene.publish('b');
    const sentAtOnce = (fromMs: number, untilMs: number): void =>
      second.burst(clip.filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs < untilMs));
    // FFmpeg starts with these. Then it turns out that they were 300 ms late.
    sentAtOnce(0, 400);
    await pause(100);
    sentAtOnce(400, 800);
    void second.send(clip.filter(({ timestampMs }) => timestampMs >= 800));
    await scene.untilSeconds(1001, 1);
    expect(Math.max(...scene.dateGaps('360p', [2, 3, 1001]))).toBeLessThan(DATE_MS);
    expect(new Set(scene.segments().map(({ discontinuityNumber }) => discontinuityNumber)).size).toBe(1);
  }),
);

test.concurrent(
  'the slate ends with the reconnect window',
  inScene(
    async (scene) => {
      const publisher = await scene.publishUntilSlateIsMade('a');
      publisher.leave();
      await waitFor('the end', () => scene.package.ended);
      expect(scene.epochs()).toEqual([1, 2]);
      expect(scene.playlistProblems()).toEqual([]);
      const { version } = scene.package;
      await waitFor('the event', () => scene.events.some(({ type }) => type === 'stream.ended'));
      expect(scene.package.version).toBe(version);
    },
    { reconnectWindowMs: 3_000 },
  ),
);

test.concurrent(
  'a publisher who leaves before there is a slate gets it made then',
  inScene(async (scene) => {
    const publisher = await scene.publishClip('a');
    await scene.untilLive();
    publisher.leave();
    await scene.untilSeconds(2, 1);
    expect(scene.slates).toHaveLength(1);
  }),
);

test.concurrent(
  'without a slate, FFmpeg waits and goes on with the publisher',
  inScene(
    async (scene) => {
      const first = await scene.publishClip('a');
      await scene.untilLive();
      first.leave();
      // With text, and then without.
      const haveFailed = () => scene.slates.length === 2 && scene.slates.every(({ exitCode }) => exitCode === 1);
      await waitFor('two failures', haveFailed);
      const { length } = scene.segments();
      await scene.publishClip('b');
      await waitFor('more', () => scene.segments().length > length + 2);
      expect(scene.epochs()).toEqual([1]);
    },
    { spawnSlate: (_command, _args, options) => spawn('false', [], options) },
  ),
);

test.concurrent(
  'if the next FFmpeg is slow to start, the slate is shown again until it is there',
  inScene(async (scene) => {
    const first = await scene.publishUntilSlateIsMade('a');
    first.leave();
    await scene.untilSeconds(2, 1);
    scene.spawnLive = (command, args, options) =>
      spawn('sh', ['-c', 'sleep 2; exec "$@"', 'sh', command, ...args], options);
    await scene.publishClip('b');
    await scene.untilSeconds(1001, 2);
    expect(scene.epochs()).toEqual([1, 2, 3, 1001]);
    expect(Math.max(...scene.dateGaps('360p', [2, 3, 1001]))).toBeLessThan(DATE_MS);
  }),
);

test.concurrent(
  'a publish with another picture of the stream gets another slate, and one with the same does not',
  inScene(async (scene) => {
    /** Publishes for some seconds, until the slate is shown. */
    const publishAndLeave = async (id: string, image: string, epoch: number): Promise<void> => {
      const publisher = await scene.publishClip(id, { ...STREAM, slateImage: image.repeat(64) });
      await scene.untilSeconds(epoch, 2);
      publisher.leave();
      await scene.untilSeconds(epoch + 1, 1);
    };
    await publishAndLeave('first', 'a', 1);
    await publishAndLeave('same', 'a', 1001);
    expect([scene.slates.length, scene.pictured]).toEqual([1, [STREAM.streamId]]);
    await publishAndLeave('other', 'b', 2001);
    expect([scene.slates.length, scene.pictured]).toEqual([2, [STREAM.streamId, STREAM.streamId]]);
  }),
);
