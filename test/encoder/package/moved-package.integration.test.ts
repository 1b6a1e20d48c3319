import { createHash } from 'node:crypto';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import type { MediaRun } from '#encoder/media/media-run.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import { exportPackage } from '#encoder/package/package-export.ts';
import { restorePackage } from '#encoder/package/package-restore.ts';
import { mapMedia } from '#encoder/package/package-snapshot.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { Random } from '#kit/random.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import {
  type EncodedRun,
  encodeRun,
  type FeedStep,
  FPS_30,
  feed,
  interleaved,
  toMediaRun,
  WALL_CLOCK_START_MS,
} from '#test/support/encoded-run.ts';
import { askPackage } from '../origin/running-origin.ts';
import { FIRST_MSN, FollowedPackage, MAX_MOVED_BYTES, readSamples } from './followed-package.ts';

const SEED = 20_261_128;
const LIMITS = { maxBytes: MAX_MOVED_BYTES };
const NEVER = new AbortController().signal;

let encoded: EncodedRun;
let steps: readonly FeedStep[];

beforeAll(async () => {
  // Segments of one second in every profile but `standard`.
  encoded = await encodeRun({ video: { frameRate: FPS_30, keyframeFrames: 30, bFrames: 0 } });
  steps = interleaved(encoded);
});

/** The same media, some seconds later on the wall clock. */
function laterRun(epoch: number, seconds: number, overrides: Partial<MediaRun> = {}): MediaRun {
  const wallClockMs = (mediaSeconds: number): number => WALL_CLOCK_START_MS + (seconds + mediaSeconds) * 1000;
  return toMediaRun(encoded, epoch, { wallClockMs, ...overrides });
}

/** About the first `seconds` of all renditions, with their headers. */
function firstSeconds(seconds: number): FeedStep[] {
  return steps.slice(0, encoded.tracks.size + Math.round((seconds / encoded.options.seconds) * steps.length));
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');

/** The name and the digest of every file that the playlists list, as viewers get them. Throws if one is missing. */
async function listedMedia(stream: StreamPackage): Promise<Map<string, string>> {
  const get = async (path: string): Promise<Buffer> => {
    const { status, body } = await askPackage(stream, path);
    if (status !== 200) throw new Error(`${path} answered ${status}`);
    return body;
  };
  const files = new Map<string, string>();
  for (const [name, timeline] of stream.renditions) {
    if (timeline.newest() === undefined) continue;
    const { segments } = parseMediaPlaylist(String(await get(`${name}/media.m3u8`)));
    for (const { uri, map, parts, isGap } of segments) {
      for (const file of [map, isGap ? null : uri, ...parts.map((part) => part.uri)]) {
        if (file !== null) files.set(`${name}/${file}`, digest(await get(`${name}/${file}`)));
      }
    }
  }
  return files;
}

function frozen(latency: 'ultra' | 'low' | 'standard' = 'low', seconds = 4.4): StreamPackage {
  const stream = new StreamPackage({ latency, firstMsn: FIRST_MSN });
  feed(stream.beginRun(toMediaRun(encoded, 7)), firstSeconds(seconds));
  stream.freeze();
  return stream;
}

describe('a frozen package', () => {
  test('has all frames that all renditions have, takes no more, and its playlists do not end', () => {
    const followed = new FollowedPackage('low');
    const sink = followed.beginRun(toMediaRun(encoded, 7));
    feed(sink, firstSeconds(2.2));
    followed.stream.freeze();
    expect(followed.stream.isFrozen).toBe(true);
    const { version } = followed.stream;
    const frames = readSamples(followed.media('480p')).length;
    expect(frames).toBe(66);
    for (const { rendition, chunk } of steps.slice(-9)) expect(sink.write(rendition, chunk)).toBe(0);
    sink.end();
    followed.stream.end();
    const late = followed.stream.beginRun(laterRun(8, 9));
    feed(late, steps);
    late.end();
    expect(followed.stream.version).toBe(version);
    expect(followed.stream.ended).toBe(false);
    expect(readSamples(followed.media('480p'))).toHaveLength(frames);
    const playlist = parseMediaPlaylist(followed.playlist('480p'));
    expect(playlist).toMatchObject({ isEnded: false, preloadHint: null });
    expect(playlist.segments.at(-1)?.uri).toBe(`7-${FIRST_MSN + 2}.m4s`);
  });

  test('releases the requests that wait, and lets nobody wait', async () => {
    const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
    feed(stream.beginRun(toMediaRun(encoded, 7)), firstSeconds(2.2));
    const timeline = stream.renditions.get('360p');
    const reached = (msn: number) => () => timeline?.contains({ msn, part: null }) === true;
    const waiting = timeline?.waitUntil(reached(FIRST_MSN + 9), 3_600_000, NEVER);
    const closing = timeline?.waitUntil(reached(FIRST_MSN + 2), 3_600_000, NEVER);
    stream.freeze();
    expect(await waiting).toBe(false);
    expect(await closing).toBe(true);
    expect(await timeline?.waitUntil(reached(FIRST_MSN + 9), 3_600_000, NEVER)).toBe(false);
    expect(timeline?.waiting).toBe(0);
  });

  test('that has ended before stays ended', () => {
    const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
    stream.end();
    stream.freeze();
    expect(stream).toMatchObject({ ended: true, isFrozen: false });
  });

  test('is needed to move: a package that may change cannot be exported', () => {
    expect(() => exportPackage(new StreamPackage({ latency: 'low', firstMsn: 1 }))).toThrow('may still change');
  });
});

describe('a restored package', () => {
  test.each(LATENCY_NAMES)('%s: answers as the former one did', async (latency) => {
    const former = frozen(latency);
    const restored = await restorePackage(exportPackage(former).chunks, LIMITS);
    expect(await listedMedia(restored)).toEqual(await listedMedia(former));
    expect(renderMultivariantPlaylist(restored)).toBe(renderMultivariantPlaylist(former));
    expect([...restored.renditions.keys()]).toEqual([...former.renditions.keys()]);
    restored.freeze();
    expect(mapMedia(restored.snapshot(), digest)).toEqual(mapMedia(former.snapshot(), digest));
    expect(exportPackage(restored).bytes).toBe(exportPackage(former).bytes);
  });

  test('shares media between renditions, and none of it is copied or sent twice', async () => {
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), firstSeconds(1.5));
    const [, smaller] = toMediaRun(encoded, 8).video;
    const video = smaller === undefined ? [] : [smaller];
    feed(followed.beginRun(laterRun(8, 9, { video })), firstSeconds(2.5));
    const former = await followed.move();
    const { chunks, bytes } = exportPackage(former);
    const parts = [...former.renditions.values()]
      .flatMap((timeline) => timeline.held())
      .flatMap((segment) => segment.parts);
    expect(new Set(parts.map(({ data }) => data)).size).toBeLessThan(parts.length);
    for (const { data } of parts) expect(chunks.filter((chunk) => chunk === data)).toHaveLength(1);
    expect(bytes).toBe(Buffer.concat(chunks).length);
    expect(followed.stream.mediaBytes()).toBe(former.mediaBytes());
    expect(followed.violations).toEqual([]);
  });

  test('has what left the playlist lately, and forgets what is older', async () => {
    const followed = new FollowedPackage('ultra');
    for (let epoch = 7; epoch < 14; epoch++) followed.addRun(laterRun(epoch, 9 * epoch), steps);
    const former = await followed.move();
    const { stream } = followed;
    const listed = stream.renditions.get('480p')?.listed() ?? [];
    expect(listed).toHaveLength(30);
    const first = listed[0]?.msn ?? 0;
    const epochOf = (msn: number): number => 7 + Math.floor((msn - FIRST_MSN) / 6);
    const find = (from: StreamPackage, msn: number) => from.renditions.get('480p')?.segment(epochOf(msn), msn);
    for (const back of [1, 2, 3]) {
      const [moved] = find(stream, first - back)?.parts ?? [];
      expect(moved?.data.equals(find(former, first - back)?.parts[0]?.data ?? Buffer.alloc(0))).toBe(true);
    }
    expect(find(former, first - 4)).toBeDefined();
    expect(find(stream, first - 4)).toBeUndefined();
    expect(await listedMedia(stream)).toEqual(await listedMedia(former));
  });

  test('continues with the next number and one discontinuity, and later runs as well', async () => {
    const followed = new FollowedPackage('low');
    feed(followed.beginRun(toMediaRun(encoded, 7)), firstSeconds(2.2));
    await followed.move();
    const next = followed.stream.nextMsn();
    expect(next).toBe(FIRST_MSN + 3);
    // A run that comes to nothing leaves no trace, here or on the next task.
    followed.addRun(laterRun(1007, 10), firstSeconds(0));
    await followed.move();
    followed.addRun(laterRun(2007, 20), firstSeconds(1.2));
    followed.addRun(laterRun(2008, 30), firstSeconds(1.2));
    followed.end();
    expect(followed.violations).toEqual([]);
    expect(followed.recorder.violations()).toEqual([]);
    const { segments, discontinuitySequence } = parseMediaPlaylist(followed.playlist('audio'));
    expect(discontinuitySequence).toBe(7);
    expect(segments.map(({ uri, discontinuities }) => `${'! '.repeat(discontinuities)}${uri}`)).toEqual([
      ...['7-100.m4s', '7-101.m4s', '7-102.m4s'],
      ...['! 2007-103.m4s', '2007-104.m4s', '! 2008-105.m4s', '2008-106.m4s'],
    ]);
  });

  test('knows what fits', async () => {
    const stream = frozen('ultra');
    const restored = await restorePackage(exportPackage(stream).chunks, LIMITS);
    const slow = { frameRate: { numerator: 13, denominator: 1 }, keyframeFrames: 13 };
    for (const run of [laterRun(8, 9), laterRun(8, 9, { audio: null }), laterRun(8, 9, slow)]) {
      expect(restored.fits(run)).toBe(stream.fits(run));
    }
    expect(restored.fits(laterRun(8, 9, slow))).toBe(false);
    expect(restored.fits(laterRun(8, 9, { audio: null }))).toBe(false);
  });

  test('can end, or have ended', async () => {
    const restored = await restorePackage(exportPackage(frozen()).chunks, LIMITS);
    restored.end();
    const ended = await restorePackage(exportPackage(restored).chunks, LIMITS);
    expect(ended.ended).toBe(true);
    const { body } = await askPackage(ended, '480p/media.m3u8');
    expect(parseMediaPlaylist(String(body)).isEnded).toBe(true);
  });

  test('can be empty', async () => {
    const stream = new StreamPackage({ latency: 'standard', firstMsn: 55 });
    stream.freeze();
    const restored = await restorePackage(exportPackage(stream).chunks, LIMITS);
    expect(restored.nextMsn()).toBe(55);
    expect(restored.playableRun).toBeNull();
  });

  // Some random runs, some of them cut short or with a rendition that lags, on three or four tasks in turn.
  test.each(Array.from({ length: 16 }, (_, iteration) => iteration))(
    'is one presentation, iteration %d',
    async (iteration) => {
      const random = Random.forIteration(SEED, iteration);
      const followed = new FollowedPackage(random.pick(LATENCY_NAMES));
      const seen = new Map<string, string>();
      let seconds = 0;
      let epoch = 7;
      for (let task = random.integer(3, 4); task > 0; task--) {
        for (let run = random.integer(0, 3); run > 0; run--) {
          epoch += random.integer(1, 3);
          seconds += random.pick([6, random.integer(7, 20)]);
          const written = randomSteps(random);
          const all = toMediaRun(encoded, epoch).video;
          const video = random.chance(0.3) ? all.slice(random.below(2), 1 + random.below(2)) : all;
          const sink = followed.beginRun(laterRun(epoch, seconds, { video: video.length > 0 ? video : all }));
          for (const { rendition, chunk } of written) sink.write(rendition, chunk);
          if (random.chance(0.5)) sink.end();
        }
        const former = await followed.move();
        const files = await listedMedia(followed.stream);
        expect(files).toEqual(await listedMedia(former));
        for (const [name, bytes] of files) expect(seen.get(name) ?? bytes).toEqual(bytes);
        for (const [name, bytes] of files) seen.set(name, bytes);
        epoch += 1000;
      }
      followed.end();
      expect(followed.violations).toEqual([]);
      expect(followed.recorder.violations()).toEqual([]);
    },
  );

  /** A random beginning of the media. One of the renditions may stop earlier. */
  function randomSteps(random: Random): FeedStep[] {
    const written = steps.slice(0, random.pick([0, encoded.tracks.size, random.below(steps.length)]));
    if (random.chance(0.7)) return [...written];
    const lagging = random.pick([...encoded.tracks.keys()]);
    const stopsAt = random.below(written.length);
    return written.filter(({ rendition }, index) => rendition !== lagging || index < stopsAt);
  }
});
