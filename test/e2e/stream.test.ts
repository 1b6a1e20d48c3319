import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeClip } from '#kit/clip.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';
import { bestPace, type ProgressSample, sampleProgress } from '#test/support/playlist-progress.ts';

const MINUTE_SECONDS = 60;
const SIDE_BY_SIDE_SECONDS = 20;
/** Real time is kept for so long at least. Other programs may have the CPU in between, so it is looked for a while. */
const STRETCH_MS = 10_000;
const STRETCH_TIMEOUT_MS = 60_000;
/** What is listed grows by parts of half a second, which a stretch may begin or end with. */
const REAL_TIME_PACE = 0.9;
const SEGMENT_MS = 2_000;
const RENDITIONS = ['720p', '480p', '360p', 'audio'];
/** Two ladders of a 720p source fill two cores and more. `npm run bench` tells how many of it a machine carries. */
const SIDE_BY_SIDE_CLIP = { width: 854, height: 480, videoKbps: 1_500 };
const SIDE_BY_SIDE_RENDITIONS = ['480p', '360p', 'audio'];
/** A bound on a broken run; other programs may have the CPU for a while. */
const SEGMENTS_TIMEOUT_MS = 90_000;

async function multivariantPlaylist({ liveUrl }: TestStream): Promise<string> {
  return waitFor('the multivariant playlist', async () => {
    const response = await fetch(`${liveUrl}/master.m3u8`);
    return response.ok ? response.text() : null;
  });
}

/** FFmpeg knows no parts: it needs whole segments. */
async function wholeSegments(
  { liveUrl }: TestStream,
  count: number,
  renditions: readonly string[] = RENDITIONS,
): Promise<void> {
  for (const rendition of renditions) {
    const isThere = async () => {
      const playlist = await (await fetch(`${liveUrl}/${rendition}/media.m3u8`)).text();
      return (playlist.match(/#EXTINF/g)?.length ?? 0) >= count;
    };
    await waitFor(`${count} segments of ${rendition}`, isThere, { timeoutMs: SEGMENTS_TIMEOUT_MS });
  }
}

interface Decoded {
  readonly seconds: number;
  readonly complaints: string;
}

/** Plays a playlist for some seconds of media with FFmpeg and says what it complained about. */
async function decode(url: string, seconds: number): Promise<Decoded> {
  const args = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-live_start_index', '-2', '-i', url];
  const output = ['-t', String(seconds), '-f', 'null', '-progress', 'pipe:1', '-'];
  const { stdout, stderr } = await promisify(execFile)('ffmpeg', [...args, ...output]);
  const microseconds = [...stdout.matchAll(/out_time_us=(\d+)/g)].at(-1)?.[1];
  return { seconds: Number(microseconds) / 1e6, complaints: stderr };
}

/** The init section and all whole segments of a rendition as one file. */
async function download({ liveUrl }: TestStream, rendition: string, path: string): Promise<void> {
  const playlist = await (await fetch(`${liveUrl}/${rendition}/media.m3u8`)).text();
  const init = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1];
  const segments = [...playlist.matchAll(/#EXTINF:.*\n(.+)/g)].map((match) => match[1]);
  const files = [init, ...segments].map(async (name) => {
    const response = await fetch(`${liveUrl}/${rendition}/${name}`);
    return Buffer.from(await response.arrayBuffer());
  });
  await writeFile(path, Buffer.concat(await Promise.all(files)));
}

/** Moments (seconds on the media timeline) that an FFmpeg detector reports of a file. */
async function detect(path: string, filter: readonly string[], moment: RegExp): Promise<number[]> {
  const args = ['-hide_banner', '-nostdin', '-copyts', '-i', path, ...filter, '-f', 'null', '-'];
  const { stderr } = await promisify(execFile)('ffmpeg', args);
  return [...stderr.matchAll(moment)].map((match) => Number(match[1]));
}

function nearest(moments: readonly number[], to: number): number {
  return moments.reduce(
    (best, moment) => (Math.abs(moment - to) < Math.abs(best - to) ? moment : best),
    Number.POSITIVE_INFINITY,
  );
}

/** Notes every second how far some media playlists are, until `isEnough`. */
async function followProgress(
  urls: readonly string[],
  isEnough: (samples: readonly ProgressSample[]) => boolean,
): Promise<readonly ProgressSample[]> {
  const samples: ProgressSample[] = [];
  const isDone = async () => {
    samples.push(await sampleProgress(urls));
    return isEnough(samples) ? samples : null;
  };
  return waitFor(`${STRETCH_MS} ms in real time`, isDone, { timeoutMs: STRETCH_TIMEOUT_MS, intervalMs: 1_000 });
}

describe('a stream', () => {
  let platform: TestPlatform;
  let stream: TestStream;
  let publisher: TestPublisher;

  beforeAll(async () => {
    platform = await startTestPlatform();
    stream = await platform.createStream();
    publisher = await startPublisher({ clipPath: await makeClip(), rtmpUrl: stream.publishUrl });
  });
  afterAll(async () => {
    await publisher.kill();
    await closeTestPlatforms();
  });

  test('keeps sound and picture together', async () => {
    await multivariantPlaylist(stream);
    await wholeSegments(stream, 8);
    const picture = join(platform.dataDir, 'picture.mp4');
    const sound = join(platform.dataDir, 'sound.mp4');
    await Promise.all([download(stream, '360p', picture), download(stream, 'audio', sound)]);
    // The clip flashes in a corner and beeps for the first tenth of every second.
    const corner = 'crop=iw/8:ih/4:0:ih*3/4,blackdetect=d=0.3:pix_th=0.5';
    const flashes = await detect(picture, ['-vf', corner], /black_end:([\d.]+)/g);
    const beeps = await detect(sound, ['-af', 'silencedetect=noise=-30dB:d=0.3'], /silence_end: ([\d.]+)/g);
    // The last flash that blackdetect reports may be the end of the file.
    const pairs = flashes.slice(0, -1).map((flash) => ({ flash, beep: nearest(beeps, flash) }));
    expect(pairs.length).toBeGreaterThan(10);
    for (const { flash, beep } of pairs) expect(Math.abs(flash - beep)).toBeLessThanOrEqual(0.05);
  });

  test('decodes in every rendition for a minute without an error, in real time', async () => {
    const playlist = await multivariantPlaylist(stream);
    for (const rendition of RENDITIONS) expect(playlist).toContain(`${rendition}/media.m3u8`);
    await wholeSegments(stream, 3);
    const decoded = await Promise.all(
      RENDITIONS.map((rendition) => decode(`${stream.liveUrl}/${rendition}/media.m3u8`, MINUTE_SECONDS)),
    );
    for (const { seconds, complaints } of decoded) {
      expect(complaints).toBe('');
      expect(seconds).toBeGreaterThan(MINUTE_SECONDS - 0.1);
    }
    expect(await platform.log()).not.toMatch(/FFmpeg failed|replacing FFmpeg/);
  });
});

test('two streams at once are encoded in real time, in every rendition', async () => {
  const clipPath = await makeClip(SIDE_BY_SIDE_CLIP);
  const publishers: TestPublisher[] = [];
  try {
    const platform = await startTestPlatform();
    const streams = [await platform.createStream(), await platform.createStream()];
    for (const { publishUrl } of streams) publishers.push(await startPublisher({ clipPath, rtmpUrl: publishUrl }));
    await Promise.all(streams.map((each) => wholeSegments(each, 3, SIDE_BY_SIDE_RENDITIONS)));
    const urls = streams.flatMap(({ liveUrl }) =>
      SIDE_BY_SIDE_RENDITIONS.map((rendition) => `${liveUrl}/${rendition}/media.m3u8`),
    );
    const progress = followProgress(urls, (samples) => bestPace(samples, STRETCH_MS) >= REAL_TIME_PACE);
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
