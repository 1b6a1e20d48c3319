import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { EventBody } from '#domain/events.ts';
import type { SlateImage } from '#domain/slate-images.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { renderMediaPlaylist } from '#encoder/package/media-playlist.ts';
import type { Segment } from '#encoder/package/segment.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { SlateMaker } from '#encoder/slate/slate-maker.ts';
import type { LiveStreams } from '#encoder/streams/live-streams.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { checkMediaPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { GREEN, makePng } from '#test/support/pictures.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { makeStreams } from './make-streams.ts';
import { leaveAll, publish, STREAM } from './test-publish.ts';

const FONTS_DIR = fileURLToPath(new URL('../../../node_modules/dejavu-fonts-ttf/ttf', import.meta.url));
/** A title of which every character means something to a parser of filters, scripts or expressions. */
const TITLED = { ...STREAM, title: `Harbour; at: night, [v0] %{n} \\N{\\b1} '"` };
/** The clock of the dates and that of the media differ by rounding only. */
const DATE_MS = 2;
const log = createLogger({ service: 'test', level: process.env.STREAMS_TEST_LOG ?? 'silent' });

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let streams: LiveStreams;
let clip: readonly FlvTag[];
const slates: ChildProcess[] = [];
/** The streams whose own picture was read. */
const pictured: string[] = [];
async function readImage(streamId: string): Promise<SlateImage> {
  pictured.push(streamId);
  return { type: 'image/png', data: makePng({ width: 64, height: 36, colour: GREEN }) };
}
const events: EventBody[] = [];
let spawnSlate: SpawnProcess = spawn;
let spawnLive: SpawnProcess = spawn;

beforeAll(async () => {
  const video = { width: 320, height: 180, frameRate: '25' };
  clip = await makeSourceTags({ seconds: 60, video, audio: { sampleRateHz: 48_000, channels: 2 } });
});
beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  startTask(60_000);
});
afterEach(async () => {
  leaveAll();
  await streams.close();
  await database.close();
  spawnSlate = spawn;
  spawnLive = spawn;
});

function startTask(reconnectWindowMs: number): void {
  events.length = 0;
  slates.length = 0;
  pictured.length = 0;
  const keep: SpawnProcess = (...call) => {
    const child = spawnSlate(...call);
    slates.push(child);
    return child;
  };
  streams = makeStreams({
    store: createLiveStore({ client: database.client, tables: TEST_TABLES }),
    emit: (event) => events.push(event),
    slates: new SlateMaker({ imagePath: null, readImage, fontsDir: FONTS_DIR, spawn: keep, log }),
    spawn: (...call) => spawnLive(...call),
    ...{ reconnectWindowMs, log },
  });
}

function currentPackage(): StreamPackage {
  const found = streams.find(STREAM.playbackId);
  if (found === undefined) throw new Error('there is no stream');
  return found;
}

const segmentsOf = (name = '360p'): readonly Segment[] => currentPackage().renditions.get(name)?.held() ?? [];
const epochs = (): number[] => [...new Set(segmentsOf().map(({ epoch }) => epoch))];
const endsAtMs = ({ programDateTimeMs, durationSeconds }: Segment): number =>
  programDateTimeMs + durationSeconds * 1000;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Waits until so much of a run is there. */
const secondsOf = (epoch: number, seconds: number): Promise<unknown> =>
  waitFor(`${seconds} s of run ${epoch}`, async () => {
    expect(playlistProblems()).toEqual([]);
    const segments = segmentsOf().filter((segment) => segment.epoch === epoch);
    return sum(segments.map(({ durationSeconds }) => durationSeconds)) >= seconds;
  });

function playlistProblems(): string[] {
  const held = currentPackage();
  return [...held.renditions].flatMap(([name, timeline]) =>
    timeline.listed().length === 0 ? [] : checkMediaPlaylist(renderMediaPlaylist(held, name, timeline, false)),
  );
}

/**
 * How far the dates of segments of these runs are from the ends of those before them, in milliseconds. A slate may begin later than
 * the run before it has ended: on a busy machine, FFmpeg can be seconds behind when its publisher leaves.
 */
function dateGaps(name: string, runs: readonly number[]): number[] {
  const segments = segmentsOf(name).filter(({ epoch }) => runs.includes(epoch));
  return segments.flatMap((segment, index) => {
    const before = segments[index - 1];
    return before === undefined ? [] : [Math.abs(segment.programDateTimeMs - endsAtMs(before))];
  });
}

async function publishUntilSlateIsMade(id: string): Promise<Awaited<ReturnType<typeof publish>>> {
  const publisher = await publish(streams, id, TITLED);
  void publisher.send(clip);
  await waitFor('a slate', async () => slates.length === 1 && slates[0]?.exitCode === 0);
  return publisher;
}

/** What FFmpeg says about the media of a run. */
async function decodingErrors(name: string, epoch: number): Promise<string> {
  const init = currentPackage().renditions.get(name)?.initSection(epoch);
  const segments = segmentsOf(name).filter((segment) => segment.epoch === epoch);
  const media = segments.flatMap(({ parts }) => parts.map(({ data }) => data));
  const decoding = promisify(execFile)('ffmpeg', ['-v', 'warning', '-i', 'pipe:0', '-f', 'null', '-']);
  decoding.child.stdin?.end(Buffer.concat([init ?? Buffer.alloc(0), ...media]));
  return (await decoding).stderr;
}

test('while the publisher is away, playlists go on in real time with a slate, and no date is missing or twice', async () => {
  const first = await publishUntilSlateIsMade('a');
  first.leave();
  await secondsOf(2, 4);
  const newest = segmentsOf().at(-1);
  if (newest === undefined) throw new Error('no segment');
  expect(endsAtMs(newest)).toBeLessThanOrEqual(Date.now());
  const second = await publish(streams, 'b', TITLED);
  void second.send(clip);
  await secondsOf(1001, 2);
  second.leave();
  await secondsOf(1002, 2);
  // On a busy machine, FFmpeg may be so slow to start that the slate is shown again (3).
  expect(epochs().filter((epoch) => epoch !== 3)).toEqual([1, 2, 1001, 1002]);
  expect(Math.max(...dateGaps('360p', [2, 3, 1001]))).toBeLessThan(DATE_MS);
  expect(Math.max(...dateGaps('audio', [2]))).toBeLessThan(DATE_MS);
  const sinceSlate = segmentsOf().filter(({ epoch }) => epoch > 1 && epoch < 1002);
  expect(new Set(sinceSlate.map(({ discontinuityNumber }) => discontinuityNumber)).size).toBe(1);
  expect(events.map(({ type }) => type)).toEqual(['stream.live']);
  expect(slates).toHaveLength(1);
  const initSection = (epoch: number) => currentPackage().renditions.get('360p')?.initSection(epoch);
  expect(initSection(2)).toEqual(initSection(1));
  for (const name of ['360p', 'audio']) expect(await decodingErrors(name, 2)).toBe('');
});

test('a publisher who catches up after its first picture begins where the slate ends', async () => {
  const first = await publishUntilSlateIsMade('a');
  first.leave();
  await secondsOf(2, 1);
  const second = await publish(streams, 'b', TITLED);
  const sentAtOnce = (fromMs: number, untilMs: number): void =>
    second.burst(clip.filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs < untilMs));
  // FFmpeg starts with these. Then it turns out that they were 300 ms late.
  sentAtOnce(0, 400);
  await pause(100);
  sentAtOnce(400, 800);
  void second.send(clip.filter(({ timestampMs }) => timestampMs >= 800));
  await secondsOf(1001, 1);
  expect(Math.max(...dateGaps('360p', [2, 3, 1001]))).toBeLessThan(DATE_MS);
  expect(new Set(segmentsOf().map(({ discontinuityNumber }) => discontinuityNumber)).size).toBe(1);
});

test('the slate ends with the reconnect window', async () => {
  await streams.close();
  startTask(3_000);
  const publisher = await publishUntilSlateIsMade('a');
  publisher.leave();
  await waitFor('the end', async () => currentPackage().ended);
  expect(epochs()).toEqual([1, 2]);
  expect(playlistProblems()).toEqual([]);
  const { version } = currentPackage();
  await waitFor('the event', async () => events.some(({ type }) => type === 'stream.ended'));
  expect(currentPackage().version).toBe(version);
});

test('a publisher who leaves before there is a slate gets it made then', async () => {
  const publisher = await publish(streams, 'a', TITLED);
  void publisher.send(clip);
  await waitFor('the stream', async () => events.some(({ type }) => type === 'stream.live'));
  publisher.leave();
  await secondsOf(2, 1);
  expect(slates).toHaveLength(1);
});

test('without a slate, FFmpeg waits and goes on with the publisher', async () => {
  spawnSlate = (_command, _args, options) => spawn('false', [], options);
  const first = await publish(streams, 'a', TITLED);
  void first.send(clip);
  await waitFor('the stream', async () => events.some(({ type }) => type === 'stream.live'));
  first.leave();
  // With text, and then without.
  await waitFor('two failures', async () => slates.length === 2 && slates.every(({ exitCode }) => exitCode === 1));
  const { length } = segmentsOf();
  const second = await publish(streams, 'b', TITLED);
  void second.send(clip);
  await waitFor('more', async () => segmentsOf().length > length + 2);
  expect(epochs()).toEqual([1]);
});

test('if the next FFmpeg is slow to start, the slate is shown again until it is there', async () => {
  const first = await publishUntilSlateIsMade('a');
  first.leave();
  await secondsOf(2, 1);
  spawnLive = (command, args, options) => spawn('sh', ['-c', 'sleep 2; exec "$@"', 'sh', command, ...args], options);
  const second = await publish(streams, 'b', TITLED);
  void second.send(clip);
  await secondsOf(1001, 2);
  expect(epochs()).toEqual([1, 2, 3, 1001]);
  expect(Math.max(...dateGaps('360p', [2, 3, 1001]))).toBeLessThan(DATE_MS);
});

test('a publish with another picture of the stream gets another slate, and one with the same does not', async () => {
  /** Publishes for some seconds, until the slate is shown. */
  const publishAndLeave = async (id: string, image: string, epoch: number): Promise<void> => {
    const publisher = await publish(streams, id, { ...STREAM, slateImage: image.repeat(64) });
    void publisher.send(clip);
    await secondsOf(epoch, 2);
    publisher.leave();
    await secondsOf(epoch + 1, 1);
  };
  await publishAndLeave('first', 'a', 1);
  await publishAndLeave('same', 'a', 1001);
  expect([slates.length, pictured]).toEqual([1, [STREAM.streamId]]);
  await publishAndLeave('other', 'b', 2001);
  expect([slates.length, pictured]).toEqual([2, [STREAM.streamId, STREAM.streamId]]);
});
