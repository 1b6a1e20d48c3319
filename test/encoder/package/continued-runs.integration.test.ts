import type { MediaRun } from '#encoder/media/media-run.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import {
  type EncodedRun,
  encodeRun,
  type FeedStep,
  feed,
  interleaved,
  toMediaRun,
  WALL_CLOCK_START_MS,
  withFrames,
} from '#test/support/encoded-run.ts';
import { FollowedPackage } from './followed-package.ts';

const RENDITIONS = ['480p', '360p', 'audio'];
const RUN_SECONDS = 6;

let encoded: EncodedRun;
let steps: readonly FeedStep[];

beforeAll(async () => {
  encoded = await encodeRun();
  steps = interleaved(encoded);
});

/** A run whose first frame was ingested so many seconds after that of a run with the default clock. */
function runAfter(epoch: number, seconds: number, overrides: Partial<MediaRun> = {}): MediaRun {
  const wallClockMs = (mediaSeconds: number): number => WALL_CLOCK_START_MS + (seconds + mediaSeconds) * 1000;
  return toMediaRun(encoded, epoch, { wallClockMs, ...overrides });
}

/** The segments and init sections in the order in which a playlist has them, `!` for a discontinuity. */
function listed(followed: FollowedPackage, name: string): string {
  return parseMediaPlaylist(followed.playlist(name))
    .segments.map(({ uri, map, discontinuities }) => `${'!'.repeat(discontinuities)}${map ?? ''} ${uri}`.trim())
    .join(' ')
    .replaceAll(/-init\.mp4|\.m4s/g, '');
}

test.each([false, true])(
  'a run that is coded as the one before and has its dates goes on without a discontinuity, moved: %s',
  async (isMoved) => {
    const followed = new FollowedPackage('low');
    followed.addRun(runAfter(7, 0), steps);
    if (isMoved) await followed.move();
    followed.addRun(runAfter(8, RUN_SECONDS + 0.15), steps);
    if (isMoved) await followed.move();
    followed.addRun(runAfter(9, 2 * RUN_SECONDS + 0.15), steps);
    followed.end();
    expect(followed.violations).toEqual([]);
    expect(followed.recorder.violations()).toEqual([]);
    for (const name of RENDITIONS) {
      expect(listed(followed, name)).toBe('7 7-100 7-101 7-102 8-103 8-104 8-105 9-106 9-107 9-108');
      expect(parseMediaPlaylist(followed.playlist(name)).discontinuitySequence).toBe(7);
      expect(followed.stream.renditions.get(name)?.segment(8, 103)?.parts[0]?.isIndependent).toBe(true);
    }
  },
);

test.each([
  ['in the middle of a part', 100],
  ['after a few frames', 4],
])('also after a run that broke off %s', (_, frames) => {
  const followed = new FollowedPackage('low');
  followed.addRun(runAfter(7, 0), withFrames(encoded, { '480p': frames, '360p': frames }));
  followed.addRun(runAfter(8, frames / 30), steps);
  expect(followed.violations).toEqual([]);
  for (const name of RENDITIONS) expect(listed(followed, name)).not.toContain('!');
});

test('also after a run of which nothing came', () => {
  const followed = new FollowedPackage('low');
  followed.addRun(runAfter(7, 0), steps);
  feed(followed.beginRun(runAfter(8, RUN_SECONDS)), steps.slice(0, RENDITIONS.length));
  feed(followed.beginRun(runAfter(9, RUN_SECONDS)), []);
  followed.addRun(runAfter(10, RUN_SECONDS), steps);
  expect(followed.violations).toEqual([]);
  for (const name of RENDITIONS) expect(listed(followed, name)).toBe('7 7-100 7-101 7-102 10-103 10-104 10-105');
});

test('the name of an init section stays as long as runs go on with it', () => {
  const followed = new FollowedPackage('low');
  for (let round = 0; round < 16; round++) followed.addRun(runAfter(7 + round, round * RUN_SECONDS), steps);
  expect(followed.violations).toEqual([]);
  expect(followed.recorder.violations()).toEqual([]);
  const timeline = followed.stream.renditions.get('480p');
  const [oldest] = timeline?.held() ?? [];
  expect(oldest?.epoch).toBeGreaterThan(8);
  expect(listed(followed, '480p')).toMatch(/^7 16-/);
  expect(timeline?.initSection(7)).toBeDefined();
  expect(timeline?.initSection(8)).toBeUndefined();
});

describe('a discontinuity is before a run', () => {
  /** The playlist of one rendition after a run and another one. */
  function secondRun(run: MediaRun, written = steps, first: readonly FeedStep[] = steps, name = '480p'): string {
    const followed = new FollowedPackage('low');
    followed.addRun(runAfter(7, 0), first);
    followed.addRun(run, written);
    expect(followed.violations).toEqual([]);
    expect(followed.recorder.violations()).toEqual([]);
    return listed(followed, name);
  }

  test('whose dates do not go on', () => {
    expect(secondRun(runAfter(8, RUN_SECONDS + 0.3))).toContain('!8 8-103');
    expect(secondRun(runAfter(8, RUN_SECONDS - 0.3))).toContain('!8 8-103');
  });

  test('of another plan', () => {
    const video = toMediaRun(encoded, 8).video.map((it) => ({ ...it, videoKbps: it.videoKbps + 1 }));
    expect(secondRun(runAfter(8, RUN_SECONDS, { video }))).toContain('!8 8-103');
  });

  test('that feeds its best rendition to another one, and before the one after it', () => {
    const followed = new FollowedPackage('low');
    const lower = { video: toMediaRun(encoded, 8).video.slice(0, 1) };
    followed.addRun(runAfter(7, 0), steps);
    followed.addRun(runAfter(8, RUN_SECONDS, lower), withFrames(encoded, { '360p': 0 }));
    followed.addRun(runAfter(9, 2 * RUN_SECONDS, lower), withFrames(encoded, { '360p': 0 }));
    followed.addRun(runAfter(10, 3 * RUN_SECONDS), steps);
    expect(followed.violations).toEqual([]);
    const expected = '7 7-100 7-101 7-102 !8 8-103 8-104 8-105 9-106 9-107 9-108 !10 10-109 10-110 10-111';
    for (const name of RENDITIONS) expect(listed(followed, name)).toBe(expected);
  });

  test('whose init section is another one', () => {
    const header = encoded.tracks.get('480p')?.header;
    const other = Buffer.from(header ?? []);
    // The profile's compatibility flags, which nothing else depends on.
    const at = other.indexOf('avcC', 0, 'latin1') + 6;
    other.writeUInt8(other.readUInt8(at) ^ 1, at);
    const written = steps.map((step) => (step.chunk === header ? { ...step, chunk: other } : step));
    for (const name of RENDITIONS)
      expect(secondRun(runAfter(8, RUN_SECONDS), written, steps, name)).toContain('!8 8-103');
  });

  test('that follows one whose renditions did not end together', () => {
    const uneven = withFrames(encoded, { '480p': 107, '360p': 97 });
    expect(secondRun(runAfter(8, 3.5), steps, uneven)).toContain('!8 8-102');
    expect(secondRun(runAfter(8, 3.5), steps, withFrames(encoded, { '480p': 107, '360p': 30 }))).toContain('!8 8-102');
  });
});
