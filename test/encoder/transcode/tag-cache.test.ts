import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { TagCache } from '#encoder/transcode/tag-cache.ts';

const videoTag = (isKeyframe: boolean, sizeBytes = 100): FlvTag => ({
  type: VIDEO_TAG,
  timestampMs: 0,
  payload: Buffer.concat([Buffer.from([isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0]), Buffer.alloc(sizeBytes)]),
});
const audioTag: FlvTag = { type: AUDIO_TAG, timestampMs: 0, payload: Buffer.from([0xaf, 1, 0]) };
const videoHeader = (profile: number): FlvTag => ({
  type: VIDEO_TAG,
  timestampMs: 0,
  payload: Buffer.from([0x17, 0, 0, 0, 0, 1, profile]),
});
const audioHeader: FlvTag = { type: AUDIO_TAG, timestampMs: 0, payload: Buffer.from([0xaf, 0, 0x11, 0x90]) };
const monoHeader: FlvTag = { ...audioHeader, payload: Buffer.from([0xaf, 0, 0x11, 0x88]) };

/** Timeline positions of the cached tags. */
const cachedMs = (cache: TagCache): number[] => cache.tags.map(({ timelineMs }) => timelineMs);

test('keeps the tags since the newest keyframe, in order', () => {
  const cache = new TagCache();
  cache.add({ tag: audioTag, timelineMs: 0 }, true);
  cache.add({ tag: videoTag(false), timelineMs: 10 }, true);
  expect(cachedMs(cache)).toEqual([]);
  cache.add({ tag: videoTag(true), timelineMs: 20 }, true);
  cache.add({ tag: audioTag, timelineMs: 30 }, true);
  cache.add({ tag: videoTag(false), timelineMs: 40 }, true);
  expect(cachedMs(cache)).toEqual([20, 30, 40]);
  cache.add({ tag: videoTag(true), timelineMs: 50 }, true);
  expect(cachedMs(cache)).toEqual([50]);
});

test('without video, decoding can start at any audio tag', () => {
  const cache = new TagCache();
  cache.add({ tag: audioTag, timelineMs: 0 }, false);
  cache.add({ tag: audioTag, timelineMs: 21 }, false);
  expect(cachedMs(cache)).toEqual([21]);
});

test('drops everything after 32 s and waits for the next keyframe', () => {
  const cache = new TagCache();
  cache.add({ tag: videoTag(true), timelineMs: 0 }, true);
  cache.add({ tag: videoTag(false), timelineMs: 32_000 }, true);
  expect(cachedMs(cache)).toEqual([0, 32_000]);
  cache.add({ tag: videoTag(false), timelineMs: 32_001 }, true);
  cache.add({ tag: videoTag(false), timelineMs: 32_040 }, true);
  expect(cachedMs(cache)).toEqual([]);
  cache.add({ tag: videoTag(true), timelineMs: 32_080 }, true);
  expect(cachedMs(cache)).toEqual([32_080]);
});

test('drops everything after 12 MiB and waits for the next keyframe', () => {
  const cache = new TagCache();
  cache.add({ tag: videoTag(true), timelineMs: 0 }, true);
  let mostBytes = 0;
  for (let index = 1; index <= 100; index++) {
    cache.add({ tag: videoTag(false, 1_000_000), timelineMs: index }, true);
    mostBytes = Math.max(
      mostBytes,
      cache.tags.reduce((sum, { tag }) => sum + tag.payload.length, 0),
    );
  }
  expect(mostBytes).toBeGreaterThan(11_000_000);
  expect(mostBytes).toBeLessThanOrEqual(12 * 1024 * 1024);
  expect(cachedMs(cache)).toEqual([]);
});

test('limits the number of tags if timestamps stand still and payloads are tiny', () => {
  const cache = new TagCache();
  const tiny: FlvTag = { type: VIDEO_TAG, timestampMs: 0, payload: Buffer.from([0x27]) };
  cache.add({ tag: videoTag(true), timelineMs: 0 }, true);
  let most = 0;
  for (let count = 0; count < 100_000; count++) {
    cache.add({ tag: tiny, timelineMs: 0 }, true);
    most = Math.max(most, cache.tags.length);
  }
  expect(most).toBe(4_096);
  expect(cache.tags).toEqual([]);
});

test('a repeated sequence header changes nothing; a new one drops the media before it', () => {
  const cache = new TagCache();
  expect(cache.replaceHeader(videoHeader(66))).toBe(true);
  expect(cache.replaceHeader(audioHeader)).toBe(true);
  cache.add({ tag: videoTag(true), timelineMs: 0 }, true);
  expect(cache.replaceHeader(videoHeader(66))).toBe(false);
  expect(cachedMs(cache)).toEqual([0]);
  expect(cache.replaceHeader(videoHeader(77))).toBe(true);
  expect(cachedMs(cache)).toEqual([]);
  expect(cache.sequenceHeaders).toEqual([videoHeader(77), audioHeader]);
});

test('a first audio header keeps the video that has started', () => {
  const cache = new TagCache();
  cache.replaceHeader(videoHeader(66));
  cache.add({ tag: videoTag(true), timelineMs: 0 }, true);
  expect(cache.replaceHeader(audioHeader)).toBe(true);
  cache.add({ tag: audioTag, timelineMs: 10 }, true);
  expect(cachedMs(cache)).toEqual([0, 10]);
});

test('a changed audio header drops the audio before it and keeps the video', () => {
  const cache = new TagCache();
  cache.replaceHeader(videoHeader(66));
  cache.replaceHeader(audioHeader);
  cache.add({ tag: videoTag(true), timelineMs: 0 }, true);
  cache.add({ tag: audioTag, timelineMs: 10 }, true);
  cache.add({ tag: videoTag(false), timelineMs: 20 }, true);
  expect(cache.replaceHeader(monoHeader)).toBe(true);
  expect(cachedMs(cache)).toEqual([0, 20]);
  expect(cache.sequenceHeaders).toEqual([videoHeader(66), monoHeader]);
});

test('a first video header drops the audio, because video cannot start with it', () => {
  const cache = new TagCache();
  cache.replaceHeader(audioHeader);
  cache.add({ tag: audioTag, timelineMs: 0 }, false);
  cache.replaceHeader(videoHeader(66));
  expect(cachedMs(cache)).toEqual([]);
});

test('audio that a changed header dropped no longer counts towards the size', () => {
  const cache = new TagCache();
  const longAudio = { ...audioTag, payload: Buffer.concat([audioTag.payload, Buffer.alloc(7_000_000)]) };
  cache.replaceHeader(audioHeader);
  cache.add({ tag: videoTag(true), timelineMs: 0 }, true);
  cache.add({ tag: longAudio, timelineMs: 10 }, true);
  cache.replaceHeader(monoHeader);
  cache.add({ tag: longAudio, timelineMs: 20 }, true);
  expect(cachedMs(cache)).toEqual([0, 20]);
});

test('a changed audio header does not change the size of the tags that stay', () => {
  const cache = new TagCache();
  cache.replaceHeader(audioHeader);
  cache.add({ tag: videoTag(true), timelineMs: 0 }, true);
  // Each tag counts 256 bytes in addition to its payload, so these count as about 1 MB.
  for (let index = 1; index <= 4_000; index++) cache.add({ tag: videoTag(false, 0), timelineMs: index }, true);
  cache.replaceHeader(monoHeader);
  cache.add({ tag: videoTag(false, 12 * 1024 * 1024 - 500_000), timelineMs: 4_001 }, true);
  expect(cachedMs(cache)).toEqual([]);
});

describe('if media is still needed', () => {
  const everySecond = (cache: TagCache, seconds: number, neededFromMs: (second: number) => number): void => {
    for (let second = 0; second <= seconds; second++) {
      cache.add({ tag: videoTag(true), timelineMs: second * 1000 }, true, neededFromMs(second));
      cache.add({ tag: videoTag(false), timelineMs: second * 1000 + 500 }, true, neededFromMs(second));
    }
  };

  test('keeps the newest keyframe before it, and all that follows', () => {
    const cache = new TagCache();
    everySecond(cache, 5, (second) => second * 1000 - 1600);
    expect(cachedMs(cache)).toEqual([3000, 3500, 4000, 4500, 5000, 5500]);
    cache.keepNewest();
    expect(cachedMs(cache)).toEqual([5000, 5500]);
  });

  test('keeps only the newest keyframe and what follows it once a limit is exceeded', () => {
    const cache = new TagCache();
    everySecond(cache, 32, () => 0);
    expect(cachedMs(cache)).toEqual([32_000, 32_500]);
  });
});
