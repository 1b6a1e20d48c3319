import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BENCH_CLIP } from '#kit/clip.ts';
import type { TestPublisher } from '#kit/publisher.ts';
import { beepOffsets } from '#kit/sound-and-picture.ts';
import { waitFor } from '#kit/wait-for.ts';
import { fetchMediaPlaylist, publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';
import { bestPace, type ProgressSample, sampleProgress } from '#test/support/playlist-progress.ts';

/** The clip, twice over, and the whole window of a playlist. */
const WATCHED_SECONDS = 40;
const SIDE_BY_SIDE_SECONDS = 20;
/** Encoding must keep real time for this long. Other programs may take the CPU for a while, so any such stretch counts. */
const STRETCH_MS = 10_000;
const STRETCH_TIMEOUT_MS = 60_000;
/** Below 1, since playlists grow by parts of half a second. */
const REAL_TIME_PACE = 0.9;
const SEGMENT_MS = 2_000;
const RENDITIONS = ['720p', '480p', '360p', 'audio'];
/** Two ladders of a 720p source are too much for two cores. `npm run bench` measures how many a machine can encode. */
const SIDE_BY_SIDE_CLIP = { width: 854, height: 480, videoKbps: 1_500 };
const SIDE_BY_SIDE_RENDITIONS = ['480p', '360p', 'audio'];

/** Waits for whole segments, since FFmpeg's HLS reader knows no parts. */
async function waitForSegments(
  stream: TestStream,
  count: number,
  renditions: readonly string[] = RENDITIONS,
): Promise<void> {
  for (const rendition of renditions) {
    await waitFor(`${count} segments of ${rendition}`, async () => {
      const segments = (await fetchMediaPlaylist(stream, rendition)).match(/#EXTINF/g) ?? [];
      return segments.length >= count;
    });
  }
}

/** Runs FFmpeg as a viewer would, on a machine of their own: it gets only the CPU that the platform leaves. */
function runViewer(args: readonly string[]) {
  return promisify(execFile)('nice', ['-n', '19', 'ffmpeg', '-hide_banner', '-nostdin', ...args]);
}

interface DecodedMedia {
  readonly seconds: number;
  /** FFmpeg's errors. */
  readonly complaints: string;
}

/** Decodes the media of a live playlist with FFmpeg, from its oldest segment on. */
async function decode(url: string, seconds: number): Promise<DecodedMedia> {
  const input = ['-loglevel', 'error', '-live_start_index', '0', '-i', url];
  const output = ['-t', String(seconds), '-f', 'null', '-progress', 'pipe:1', '-'];
  const { stdout, stderr } = await runViewer([...input, ...output]);
  const microseconds = [...stdout.matchAll(/out_time_us=(\d+)/g)].at(-1)?.[1];
  return { seconds: Number(microseconds) / 1e6, complaints: stderr };
}

/** Samples the progress of media playlists every second, until they have kept real time for `STRETCH_MS`. */
async function waitForRealTime(urls: readonly string[]): Promise<readonly ProgressSample[]> {
  const samples: ProgressSample[] = [];
  const check = async () => {
    samples.push(await sampleProgress(urls));
    return bestPace(samples, STRETCH_MS) >= REAL_TIME_PACE && samples;
  };
  return waitFor(`${STRETCH_MS} ms in real time`, check, { timeoutMs: STRETCH_TIMEOUT_MS, intervalMs: 1_000 });
}

describe('a stream', () => {
  let platform: TestPlatform;
  let stream: TestStream;
  let publisher: TestPublisher;

  beforeAll(async () => {
    platform = await startTestPlatform();
    stream = await platform.createStream();
    publisher = await publish(stream.publishUrl, BENCH_CLIP);
  });
  afterAll(async () => {
    await publisher.kill();
    await closeTestPlatforms();
  });

  test('keeps sound and picture together', async () => {
    await waitUntilPlayable(stream);
    await waitForSegments(stream, 8);
    const offsets = await beepOffsets({ liveUrl: stream.liveUrl, rendition: '360p', folder: platform.dataDir });
    expect(offsets.length).toBeGreaterThan(10);
    for (const offset of offsets) expect(Math.abs(offset)).toBeLessThanOrEqual(0.05);
  });

  test('decodes in every rendition for a while without an error, in real time', async () => {
    const playlist = await waitUntilPlayable(stream);
    for (const rendition of RENDITIONS) expect(playlist).toContain(`${rendition}/media.m3u8`);
    await waitForSegments(stream, 3);
    const decoded = await Promise.all(
      RENDITIONS.map((rendition) => decode(`${stream.liveUrl}/${rendition}/media.m3u8`, WATCHED_SECONDS)),
    );
    for (const { seconds, complaints } of decoded) {
      expect(complaints).toBe('');
      expect(seconds).toBeGreaterThan(WATCHED_SECONDS - 0.1);
    }
    expect(await platform.log()).not.toMatch(/FFmpeg failed|replacing FFmpeg/);
  });
});

test('two streams at once are encoded in real time, in every rendition', async () => {
  const publishers: TestPublisher[] = [];
  try {
    const platform = await startTestPlatform();
    const streams = [await platform.createStream(), await platform.createStream()];
    for (const { publishUrl } of streams) publishers.push(await publish(publishUrl, SIDE_BY_SIDE_CLIP));
    await Promise.all(streams.map((each) => waitForSegments(each, 3, SIDE_BY_SIDE_RENDITIONS)));
    const urls = streams.flatMap(({ liveUrl }) =>
      SIDE_BY_SIDE_RENDITIONS.map((rendition) => `${liveUrl}/${rendition}/media.m3u8`),
    );
    const progress = waitForRealTime(urls);
    const decoded = await Promise.all(
      streams.map(({ liveUrl }) => decode(`${liveUrl}/480p/media.m3u8`, SIDE_BY_SIDE_SECONDS)),
    );
    const [last] = (await progress).slice(-1);
    expect(await platform.ffmpegPids()).toHaveLength(2);
    for (const { seconds, complaints } of decoded) {
      expect(complaints).toBe('');
      expect(seconds).toBeGreaterThan(SIDE_BY_SIDE_SECONDS - 0.1);
    }
    for (const index of streams.keys()) {
      const first = index * SIDE_BY_SIDE_RENDITIONS.length;
      const edgesMs = last?.edgesMs.slice(first, first + SIDE_BY_SIDE_RENDITIONS.length) ?? [];
      expect(edgesMs).toHaveLength(SIDE_BY_SIDE_RENDITIONS.length);
      expect(Math.max(...edgesMs) - Math.min(...edgesMs)).toBeLessThanOrEqual(SEGMENT_MS);
    }
  } finally {
    await Promise.all(publishers.map((publisher) => publisher.kill()));
    await closeTestPlatforms();
  }
});
