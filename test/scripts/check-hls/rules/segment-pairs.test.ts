import type { JudgedSegment, ObservedRendition } from '#scripts/check-hls/rules/observed-rendition.ts';
import { segmentPairs } from '#scripts/check-hls/rules/segment-pairs.ts';

function rendition(path: string, firstMsn: number, more: (index: number) => Partial<JudgedSegment>): ObservedRendition {
  const segments = Array.from({ length: 4 }, (_, index) => ({
    ...{ msn: firstMsn + index, startSeconds: index * 2, programDateTimeMs: null, discontinuityNumber: 0 },
    ...{ file: `${index}`, durationSeconds: 2, sizeBytes: 1, sampleSeconds: 0.05, framesPerSecond: 20 },
    ...more(index),
  }));
  const rest = {
    targetDurationSeconds: 2,
    partTargetSeconds: null,
    isIFramePlaylist: false,
    track: null,
    tracks: [],
  };
  return { path, segments, ...rest };
}

const msnPairs = (...renditions: readonly ObservedRendition[]) =>
  segmentPairs(renditions).map(([, a, , b]) => [a.msn, b.msn]);

test.each([
  ['dates', (index: number) => ({ programDateTimeMs: index * 2_000, startSeconds: null })],
  ['timestamps', () => ({})],
  ['timestamps that begin anew', (index: number) => ({ discontinuityNumber: index, startSeconds: 0 })],
])('segments with other numbers are paired by %s', (_, more) => {
  const pairs = msnPairs(rendition('high', 10, more), rendition('low', 3, more));
  expect(pairs).toEqual([
    [10, 3],
    [11, 4],
    [12, 5],
    [13, 6],
  ]);
});

test('segments with the same numbers are the same, however far apart they are', () => {
  const pairs = msnPairs(
    rendition('high', 10, () => ({})),
    rendition('low', 10, (index) => ({ startSeconds: 500 + index * 2 })),
  );
  expect(pairs).toEqual([10, 11, 12, 13].map((msn) => [msn, msn]));
});

test('of segments that are cut otherwise only those that begin together are pairs', () => {
  const isCutOtherwise = (index: number) => ({ startSeconds: index * 6, durationSeconds: 6 });
  const pairs = msnPairs(
    rendition('high', 10, () => ({})),
    rendition('low', 3, isCutOtherwise),
  );
  expect(pairs).toEqual([[10, 3]]);
});
