import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { StrayTags } from '#encoder/transcode/stray-tags.ts';

/** The timestamps that are passed on, in order. */
function passed(timestampsMs: readonly number[], type: FlvTag['type'] = VIDEO_TAG): number[] {
  const strays = new StrayTags();
  const tags = timestampsMs.map((timestampMs) => ({ type, timestampMs, payload: Buffer.alloc(2) }));
  return tags.flatMap((tag) => strays.pass({ tag, receivedAtMs: 0 }).map((it) => it.tag.timestampMs));
}

test.each([
  ['0', 0],
  ['the future', 90_000],
  ['the past', 1000],
])('a single tag that is stamped %s is dropped', (_name, strayMs) => {
  expect(passed([5000, 5040, strayMs, 5080, 5120])).toEqual([5000, 5040, 5080, 5120]);
});

test('if the next tag does not go on either, the timestamps have jumped, and nothing is lost', () => {
  expect(passed([5000, 90_000, 90_040, 90_080])).toEqual([5000, 90_000, 90_040, 90_080]);
  expect(passed([5000, 0, 40, 80])).toEqual([5000, 0, 40, 80]);
  expect(passed([0, 10_000, 20_000, 30_000, 40_000])).toEqual([0, 10_000, 20_000, 30_000, 40_000]);
});

test('disorder, gaps and the wrap at 32 bits are no jumps', () => {
  const timestampsMs = [2 ** 32 - 40, 0, 3000, 2500, 2540];
  expect(passed(timestampsMs)).toEqual(timestampsMs);
});

test('a track that pauses while the other one goes on is not held back', () => {
  const strays = new StrayTags();
  const pass = (type: FlvTag['type'], timestampMs: number) =>
    strays.pass({ tag: { type, timestampMs, payload: Buffer.alloc(2) }, receivedAtMs: 0 }).length;
  pass(AUDIO_TAG, 0);
  for (let ms = 0; ms <= 10_000; ms += 40) pass(VIDEO_TAG, ms);
  expect(pass(AUDIO_TAG, 10_000)).toBe(1);
});
