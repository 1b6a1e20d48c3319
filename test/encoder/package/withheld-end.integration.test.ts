import type { LatencyName } from '#domain/latency-profiles.ts';
import { type EncodedRun, encodeRun, type FeedStep, feed, interleaved, toMediaRun } from '#test/support/encoded-run.ts';
import { FollowedPackage } from './followed-package.ts';

const RUN_SECONDS = 6;

let encoded: EncodedRun;
let steps: readonly FeedStep[];
beforeAll(async () => {
  encoded = await encodeRun();
  steps = interleaved(encoded);
});

const stepsUntil = (seconds: number): number => encoded.tracks.size + Math.ceil((steps.length * seconds) / RUN_SECONDS);

/** A package in which a run goes on: `write` gives it what follows, up to so many seconds. */
function begin(latency: LatencyName) {
  const followed = new FollowedPackage(latency);
  const sink = followed.beginRun(toMediaRun(encoded, 7));
  let written = 0;
  const write = (seconds: number, isWritten: (step: FeedStep) => boolean = () => true): void => {
    feed(sink, steps.slice(written, stepsUntil(seconds)).filter(isWritten));
    written = stepsUntil(seconds);
  };
  return { followed, sink, write };
}

const names = (): string[] => [...encoded.tracks.keys()];
const playlists = (followed: FollowedPackage): string[] => names().map((name) => followed.playlist(name));
/** The names of parts and segments that a playlist lists. */
const listed = (playlist: string): string[] => playlist.match(/^.*PART:.*$|^[^#].*\.m4s$/gm) ?? [];
const hasEnd = (playlist: string): boolean => playlist.endsWith('#EXT-X-ENDLIST\n');

test('the end comes with a segment that no playlist had before, in all renditions at once', () => {
  const { followed, write } = begin('low');
  write(2.6);
  followed.stream.withhold();
  expect(followed.stream.canEnd).toBe(false);
  // The rest of the open segment is published as ever.
  write(3.4);
  expect(followed.playlist('480p')).toContain('7-101.2.m4s');
  expect(followed.stream.canEnd).toBe(false);
  write(4.8);
  const before = playlists(followed);
  for (const playlist of before) {
    expect(listed(playlist).at(-1)).toBe('7-101.m4s');
    expect(playlist).toContain('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="7-102.0.m4s"');
  }
  expect(followed.stream.canEnd).toBe(true);
  followed.end();
  const after = playlists(followed);
  expect(after.every(hasEnd)).toBe(true);
  for (const [index, playlist] of after.entries()) {
    const added = listed(playlist).filter((name) => !listed(before[index] ?? '').includes(name));
    expect(added).toEqual([expect.stringMatching(/URI="7-102\.0\.m4s",INDEPENDENT=YES$/), '7-102.m4s']);
  }
  write(RUN_SECONDS);
  expect(playlists(followed)).toEqual(after);
  expect(followed.violations).toEqual([]);
});

test.each([
  ['that is called off', (followed: FollowedPackage) => followed.stream.publishWithheld()],
  ['on this task only', (followed: FollowedPackage) => followed.stream.freeze()],
])('an end %s publishes what was kept back', (_case, act) => {
  const usual = begin('low');
  usual.write(4.8);
  const { followed, write } = begin('low');
  write(2.6);
  followed.stream.withhold();
  write(4.8);
  expect(listed(followed.playlist('480p')).at(-1)).toBe('7-101.m4s');
  act(followed);
  const shown = listed(followed.playlist('480p'));
  expect(shown.slice(0, listed(usual.followed.playlist('480p')).length)).toEqual(
    listed(usual.followed.playlist('480p')),
  );
  expect(followed.violations).toEqual([]);
});

test.each([
  ['has ended', 4.8],
  ['ends by that, with a part to publish', 5.2],
])('a run that begins when the one before %s: the end comes with its first segment', (_case, seconds) => {
  const { followed, sink, write } = begin('low');
  write(2.6);
  followed.stream.withhold();
  write(seconds);
  if (seconds < 5) sink.end();
  feed(followed.beginRun(toMediaRun(encoded, 8)), steps.slice(0, stepsUntil(1.2)));
  expect(listed(followed.playlist('480p')).at(-1)).toBe('7-102.m4s');
  expect(followed.stream.canEnd).toBe(true);
  followed.end();
  for (const playlist of playlists(followed)) {
    expect(hasEnd(playlist)).toBe(true);
    expect(listed(playlist).at(-1)).toBe('8-103.m4s');
  }
  expect(followed.violations).toEqual([]);
});

test('all renditions end with the same segment, though one has begun the next one before another', () => {
  const { followed, sink, write } = begin('low');
  write(3.9);
  const following = steps.slice(stepsUntil(3.9), stepsUntil(4.6));
  const isLate = ({ rendition }: FeedStep): boolean => rendition === '360p';
  feed(
    sink,
    following.filter((step) => !isLate(step)),
  );
  followed.stream.withhold();
  feed(sink, following.filter(isLate));
  expect(listed(followed.playlist('360p')).at(-1)).toContain('7-102.0.m4s');
  followed.end();
  expect(new Set(playlists(followed).map((playlist) => listed(playlist).at(-1)))).toEqual(new Set(['7-102.m4s']));
  expect(followed.violations).toEqual([]);
});

test('all renditions end with the same segment, though the end is near before all of them have begun', () => {
  const { followed, sink, write } = begin('low');
  write(4.8);
  sink.end();
  const next = followed.beginRun(toMediaRun(encoded, 8));
  feed(next, steps.slice(0, 1));
  followed.stream.withhold();
  feed(next, steps.slice(1, stepsUntil(4.6)));
  followed.end();
  expect(playlists(followed).map((playlist) => listed(playlist).at(-1))).toEqual(names().map(() => '8-103.m4s'));
  expect(followed.violations).toEqual([]);
});

test('a run that ends before the playlists do takes no hint back', () => {
  const { followed, sink, write } = begin('low');
  write(2.6);
  followed.stream.withhold();
  write(4.8);
  sink.end();
  for (const playlist of playlists(followed)) {
    expect(playlist).toContain('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="7-102.0.m4s"');
  }
  followed.end();
  for (const playlist of playlists(followed)) expect(listed(playlist).at(-1)).toBe('7-102.m4s');
  expect(followed.violations).toEqual([]);
});

test('if a rendition has nothing of the next segment, all renditions end before it', () => {
  const { followed, write } = begin('low');
  write(3.9);
  followed.stream.withhold();
  write(4.8, ({ rendition }) => rendition !== '360p');
  expect(followed.stream.canEnd).toBe(false);
  followed.end();
  for (const playlist of playlists(followed)) {
    expect(hasEnd(playlist)).toBe(true);
    expect(listed(playlist).at(-1)).toBe('7-101.m4s');
  }
  expect(followed.violations).toEqual([]);
});

test('without parts, the end comes with what there is of the open segment', () => {
  const { followed, write } = begin('standard');
  write(5.3);
  expect(listed(followed.playlist('480p'))).toEqual(['7-100.m4s']);
  followed.stream.withhold();
  expect(followed.stream.canEnd).toBe(true);
  followed.end();
  for (const playlist of playlists(followed)) {
    expect(hasEnd(playlist)).toBe(true);
    expect(listed(playlist)).toEqual(['7-100.m4s', '7-101.m4s']);
  }
  expect(followed.violations).toEqual([]);
});

test('without parts, whatever the encoder gives at the end is published with it', () => {
  const { followed, write } = begin('standard');
  write(3.5);
  followed.stream.withhold();
  write(5.3);
  followed.end();
  for (const playlist of playlists(followed)) {
    expect(hasEnd(playlist)).toBe(true);
    expect(listed(playlist)).toEqual(['7-100.m4s', '7-101.m4s']);
  }
  expect(followed.violations).toEqual([]);
});
