import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { RunFeed } from '#encoder/transcode/run-feed.ts';
import type { TimedTag } from '#encoder/transcode/tag-cache.ts';

const FRAME_MS = 40;
const KEYFRAME = 0x17;
const FRAME = 0x27;

/** The FLV timestamp of a written tag (FLV specification E.4.1). */
const timestampOf = (flv: Buffer): number => flv.readUIntBE(4, 3) | (flv.readUInt8(7) << 24);

function startFeed({ hasVideo = true } = {}) {
  const written: (readonly [type: number | undefined, timestampMs: number])[] = [];
  const skips: number[] = [];
  const state = { nowMs: 0, isBusy: false };
  const feed = new RunFeed({
    hasVideo,
    container: 'flv',
    firstTagMs: 0,
    startMs: 0,
    ffmpeg: () => ({
      isBusy: state.isBusy,
      waitingSinceMs: null,
      write: (bytes) => void written.push([bytes[0], timestampOf(bytes) - 1000]),
    }),
    onFed: () => undefined,
    onSkipped: (skippedMs) => void skips.push(skippedMs),
    now: () => state.nowMs,
  });
  return { feed, written, skips, state };
}

function tag(type: FlvTag['type'], timelineMs: number, firstByte: number, sizeBytes = 2): TimedTag {
  const payload = Buffer.alloc(sizeBytes, 1);
  payload[0] = firstByte;
  return { tag: { type, timestampMs: timelineMs, payload }, timelineMs };
}
const keyframe = (ms: number, sizeBytes?: number) => tag(VIDEO_TAG, ms, KEYFRAME, sizeBytes);
const frame = (ms: number, sizeBytes?: number) => tag(VIDEO_TAG, ms, FRAME, sizeBytes);
const sound = (ms: number) => tag(AUDIO_TAG, ms, 0xaf);

test('what FFmpeg cannot take waits, and says for how long', () => {
  const { feed, written, state } = startFeed();
  feed.add(keyframe(0));
  state.isBusy = true;
  feed.add(frame(40));
  state.nowMs = 500;
  expect([written.length, feed.waitedMs]).toEqual([1, 500]);
  state.isBusy = false;
  feed.pump();
  expect(written).toEqual([
    [VIDEO_TAG, 0],
    [VIDEO_TAG, 40],
  ]);
  expect(feed.waitedMs).toBe(0);
});

test('an FFmpeg that is too late goes on with the newest keyframe, where it stopped', () => {
  const { feed, written, skips, state } = startFeed();
  feed.add(keyframe(0));
  feed.add(sound(20));
  state.isBusy = true;
  for (let ms = FRAME_MS; ms < 6000; ms += FRAME_MS) {
    feed.add(ms % 2000 === 0 ? keyframe(ms) : frame(ms));
    feed.add(sound(ms + 20));
  }
  feed.skip();
  state.isBusy = false;
  feed.pump();
  // The keyframe of 4000 ms comes 40 ms after the sound of 20 ms.
  const at = (ms: number) => ms - 4000 + 60;
  expect(written.slice(2, 6)).toEqual([
    [AUDIO_TAG, at(3980)],
    [VIDEO_TAG, at(4000)],
    [AUDIO_TAG, at(4020)],
    [VIDEO_TAG, at(4040)],
  ]);
  expect(skips).toEqual([3940]);
  expect(feed.timeline.toTimelineMs(at(4000))).toBe(4000);
  expect(feed.timeline.toTimelineMs(0)).toBe(0);
  expect([feed.timeline.skipsBy(59), feed.timeline.skipsBy(60)]).toEqual([0, 1]);
});

test('nothing is skipped if the newest keyframe is hardly newer than what waits', () => {
  const { feed, skips, state } = startFeed();
  state.isBusy = true;
  for (let ms = 0; ms < 6000; ms += FRAME_MS) feed.add(ms === 0 || ms === 960 ? keyframe(ms) : frame(ms));
  feed.skip();
  expect(skips).toEqual([]);
});

test('a long queue is searched once for each keyframe, however often FFmpeg is late', () => {
  const { feed, skips, state } = startFeed();
  feed.add(keyframe(0));
  state.isBusy = true;
  let reads = 0;
  const payload = new Proxy(frame(0).tag.payload, {
    get: (target, name) => {
      reads++;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  for (let ms = FRAME_MS; ms < 4000; ms += FRAME_MS) {
    feed.add({ tag: { type: VIDEO_TAG, timestampMs: ms, payload }, timelineMs: ms });
  }
  feed.skip();
  reads = 0;
  for (let count = 0; count < 100; count++) feed.skip();
  expect(reads).toBe(0);
  feed.add(keyframe(4000));
  feed.skip();
  expect(skips).toHaveLength(1);
});

test.each([
  ['bytes', 1_000_000, 20],
  ['tags', 2, 16_400],
])('if too many %s wait without a newer keyframe, everything is skipped until there is one', (_name, size, count) => {
  const { feed, written, state } = startFeed();
  feed.add(keyframe(0));
  state.isBusy = true;
  for (let index = 1; index <= count && !feed.isTooFull; index++) feed.add(frame(index * FRAME_MS, size));
  expect(feed.isTooFull).toBe(true);
  feed.skip();
  expect([feed.isTooFull, feed.awaitsStart]).toEqual([false, true]);
  state.isBusy = false;
  feed.add(frame(990_000));
  feed.add(sound(990_010));
  feed.add(keyframe(990_040));
  feed.add(frame(990_080));
  expect(written.slice(1)).toEqual([
    [VIDEO_TAG, 40],
    [VIDEO_TAG, 80],
  ]);
  expect(feed.awaitsStart).toBe(false);
});

test('a burst after a freeze begins with its newest keyframe', () => {
  const { feed, written, skips, state } = startFeed();
  feed.add(keyframe(0));
  state.nowMs = 10_000;
  for (let ms = FRAME_MS; ms < 10_000; ms += FRAME_MS) feed.add(ms % 2000 === 0 ? keyframe(ms) : frame(ms));
  feed.add(sound(9990));
  feed.close();
  expect(written[1]).toEqual([VIDEO_TAG, 40]);
  expect(written[2]).toEqual([VIDEO_TAG, 80]);
  expect(skips).toEqual([7960]);
});

test('an FFmpeg that ends gets everything that is held back', () => {
  const { feed, written, state } = startFeed();
  feed.add(keyframe(0));
  state.nowMs = 10_000;
  feed.add(frame(40));
  expect(written).toHaveLength(1);
  feed.flush();
  feed.close();
  expect(written).toHaveLength(2);
});

test('the positions of many skips are forgotten, but not how many there were', () => {
  const { feed, state } = startFeed();
  for (let skip = 0; skip < 100; skip++) {
    state.isBusy = false;
    feed.add(keyframe(skip * 4000));
    state.isBusy = true;
    feed.add(frame(skip * 4000 + 40));
    feed.add(keyframe(skip * 4000 + 2000));
    feed.skip();
  }
  expect(feed.timeline.skipsBy(Number.POSITIVE_INFINITY)).toBe(100);
  expect(feed.timeline.skipsBy(0)).toBeLessThan(100);
});
