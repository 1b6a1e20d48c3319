import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  AUDIO_TAG,
  type FlvTag,
  isAudioSequenceHeader,
  isVideoSequenceHeader,
  VIDEO_TAG,
} from '#encoder/media/flv-tag.ts';
import { renderMediaPlaylist } from '#encoder/package/media-playlist.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { SlateMaker } from '#encoder/slate/slate-maker.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { checkMediaPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { H264, makeFlvTags, testAudio, testVideo } from '../media/ffmpeg.ts';
import { decodeBrightness, decodeSound, probeTrack } from '../transcode/media-probe.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { makeStreams } from './make-streams.ts';
import { leaveAll, publish, STREAM } from './test-publish.ts';

const FONTS_DIR = fileURLToPath(new URL('../../../node_modules/dejavu-fonts-ttf/ttf', import.meta.url));
const GONE_AT = 3;
const BACK_AT = 12;
const SECONDS = 15;
const FRAMES_PER_SECOND = 25;
/** Of a slate. The source's picture is much brighter. */
const DARK = 50;
const log = createLogger({ service: 'test', level: process.env.STREAMS_TEST_LOG ?? 'silent' });

let sent: readonly FlvTag[];

beforeAll(async () => {
  // Encoders tell their colours, which the headers of runs repeat. Those of slates do not.
  const colours = ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'];
  const tags = await makeFlvTags([
    ...testVideo('640x360', `${FRAMES_PER_SECOND}`, SECONDS),
    ...testAudio(SECONDS),
    ...[...H264, '-g', '25', ...colours, '-c:a', 'aac', '-b:a', '96k'],
  ]);
  const isThere = ({ timestampMs }: FlvTag): boolean => timestampMs < GONE_AT * 1000 || timestampMs >= BACK_AT * 1000;
  sent = tags.filter((tag) => tag.type !== VIDEO_TAG || isVideoSequenceHeader(tag) || isThere(tag));
});
// The tests run side by side, because most of the time they wait for real time.
afterAll(leaveAll);

/** What viewers got, and what the task said of it before its end. */
interface GivenMedia {
  readonly held: StreamPackage;
  readonly hasEnded: boolean;
  readonly eventTypes: readonly string[];
}

/** Publishes tags in real time to a task with or without slates. */
async function viewersOf(tags: readonly FlvTag[], slates: SlateMaker | null): Promise<GivenMedia> {
  const database = await startTemporaryDynamoDb();
  const store = createLiveStore({ client: database.client, tables: TEST_TABLES });
  const eventTypes: string[] = [];
  const streams = makeStreams({ store, slates, spawn, log, emit: ({ type }) => void eventTypes.push(type) });
  try {
    const publisher = await publish(streams, 'a', { ...STREAM, title: 'Harbour at night' });
    await publisher.send(tags);
    const held = streams.find(STREAM.playbackId);
    if (held === undefined) throw new Error('there is no stream');
    return { held, hasEnded: held.ended, eventTypes: [...eventTypes] };
  } finally {
    await streams.close();
    await database.close();
  }
}

function outputOf(held: StreamPackage, name: string): Buffer {
  const timeline = held.renditions.get(name);
  const media = timeline?.held().flatMap(({ parts }) => parts.map(({ data }) => data)) ?? [];
  return Buffer.concat([timeline?.initSection(1) ?? Buffer.alloc(0), ...media]);
}

/** The seconds since the run's first frame at which the picture is dark, from its first to its last frame. */
const darkSeconds = (levels: readonly number[]): number[] =>
  levels.flatMap((level, index) => (level < DARK ? [index / FRAMES_PER_SECOND] : []));

test.concurrent('a picture that is gone is held for 5 s, then there is a slate until it is back, and the sound never stops', async () => {
  const { held } = await viewersOf(
    sent,
    new SlateMaker({ imagePath: null, readImage: async () => null, fontsDir: FONTS_DIR, spawn, log }),
  );
  for (const [name, timeline] of held.renditions) {
    const playlist = renderMediaPlaylist(held, name, timeline, false);
    expect(checkMediaPlaylist(playlist)).toEqual([]);
    expect(playlist).not.toContain('#EXT-X-DISCONTINUITY\n');
    expect(new Set(timeline.held().map(({ epoch }) => epoch))).toEqual(new Set([1]));
    const { packets } = await probeTrack(outputOf(held, name));
    const frameSeconds = name === 'audio' ? 1024 / 44_100 : 1 / FRAMES_PER_SECOND;
    for (const [index, { pts }] of packets.slice(1).entries())
      expect(pts - (packets[index]?.pts ?? 0)).toBeCloseTo(frameSeconds, 3);
  }
  const levels = await decodeBrightness(outputOf(held, '360p'));
  const dark = darkSeconds(levels);
  const [first = 0, last = 0] = [dark[0], dark.at(-1)];
  expect(first).toBeGreaterThan(GONE_AT + 4.9);
  expect(last).toBeGreaterThan(BACK_AT - 0.1);
  expect(last).toBeLessThan(BACK_AT + 1);
  expect(dark).toHaveLength(Math.round((last - first) * FRAMES_PER_SECOND) + 1);
  expect(levels.length).toBeGreaterThan((BACK_AT + 1.5) * FRAMES_PER_SECOND);
  const sound = await decodeSound(outputOf(held, 'audio'));
  const tenths = Array.from({ length: Math.floor(sound.length / 4410) }, (_, index) =>
    Math.max(...sound.slice(index * 4410, (index + 1) * 4410)),
  );
  expect(Math.min(...tenths.slice(1))).toBeGreaterThan(0.05);
}, 60_000);

test.concurrent('without slates, the picture is held for as long as it is gone', async () => {
  const { held } = await viewersOf(
    sent.filter(({ timestampMs }) => timestampMs < (BACK_AT - 1) * 1000),
    null,
  );
  const levels = await decodeBrightness(outputOf(held, '360p'));
  expect(levels.length).toBeGreaterThan((BACK_AT - 3) * FRAMES_PER_SECOND);
  expect(darkSeconds(levels)).toEqual([]);
}, 60_000);

test.concurrent('viewers get silence while the sound is gone: no presentation ends, and no FFmpeg is replaced', async () => {
  const isSound = (tag: FlvTag) => tag.type === AUDIO_TAG && !isAudioSequenceHeader(tag);
  const tags = await makeSourceTags({
    seconds: 11,
    video: { width: 320, height: 180, frameRate: '25' },
    audio: { sampleRateHz: 48_000, channels: 2 },
  });
  const { held, hasEnded, eventTypes } = await viewersOf(
    tags.filter((tag) => !isSound(tag) || tag.timestampMs < 2000 || tag.timestampMs > 7500),
    null,
  );
  expect([hasEnded, eventTypes]).toEqual([false, ['stream.live']]);
  const sounds = held.renditions.get('audio')?.held() ?? [];
  expect(sounds.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0)).toBeGreaterThan(8.5);
}, 60_000);
