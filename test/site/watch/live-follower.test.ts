import type Hls from 'hls.js';
import { LiveFollower } from '#site/watch/live-follower.ts';

const HAVE_CURRENT_DATA = 2;
const HAVE_FUTURE_DATA = 3;
const HOLD_BACK_SECONDS = 1.5;
const TICK_MS = 200;

/** A video element at 10 s of a stream whose playlist ends with the buffer. */
function playback() {
  const ranges = [{ start: 0, end: 11 }];
  const video = {
    ...{ currentTime: 10, playbackRate: 1, paused: false, seeking: false, readyState: HAVE_FUTURE_DATA },
    buffered: {
      get length() {
        return ranges.length;
      },
      start: (index: number) => ranges[index]?.start,
      end: (index: number) => ranges[index]?.end,
    },
  };
  const details = { live: true, partTarget: 0.5, targetduration: 2, age: 0 };
  const hls = {
    targetLatency: HOLD_BACK_SECONDS,
    liveSyncPosition: null as number | null,
    get latestLevelDetails() {
      return { ...details, edge: ranges.at(-1)?.end };
    },
  };
  const follower = new LiveFollower(hls as unknown as Hls, video as unknown as HTMLVideoElement);
  let nowMs = 0;
  const tick = (seconds: number): void => {
    for (const endMs = nowMs + seconds * 1_000; nowMs < endMs; ) {
      nowMs += TICK_MS;
      follower.tick(nowMs);
    }
  };
  /** What is left of audio or video does not play. */
  const runDry = (leftSeconds: number): void => {
    Object.assign(video, { currentTime: 11 - leftSeconds, readyState: HAVE_CURRENT_DATA });
    follower.onWaiting();
  };
  tick(1);
  return { details, ranges, video, hls, follower, tick, runDry };
}

beforeAll(() => Object.assign(globalThis, { HTMLMediaElement: { HAVE_FUTURE_DATA } }));
afterAll(() => Reflect.deleteProperty(globalThis, 'HTMLMediaElement'));

test('the rest of one track is no media that arrives', () => {
  const { video, follower, tick, runDry } = playback();
  runDry(0.06);
  tick(5);
  expect(video.playbackRate).toBe(0);
  expect(follower.isFilling()).toBe(false);
});

test('playback resumes when enough has arrived, and crosses the hole before it', () => {
  const { ranges, video, follower, tick, runDry } = playback();
  runDry(0.06);
  tick(2);
  const next = { start: 11.03, end: 11.5 };
  ranges.push(next);
  tick(0.4);
  expect(follower.isFilling()).toBe(true);
  expect(video.playbackRate).toBe(0);
  next.end = 12;
  tick(0.2);
  expect(video.playbackRate).toBe(1);
  expect(video.currentTime).toBeCloseTo(11.13);
});

test('playback that runs dry although much is buffered behind a hole goes on there', () => {
  const { ranges, video, tick, runDry } = playback();
  ranges.push({ start: 11.5, end: 13 });
  runDry(0.06);
  tick(0.2);
  expect(video.playbackRate).toBe(1);
  expect(video.currentTime).toBeCloseTo(11.6);
});

test('playback that is far behind goes to live, unless the viewer wants to see what they have missed', () => {
  const { ranges, video, hls, follower, tick } = playback();
  ranges.push({ start: 11, end: 30 });
  hls.liveSyncPosition = 28.5;
  follower.stayBehind();
  tick(2);
  expect(video).toMatchObject({ currentTime: 10, playbackRate: 1 });
  follower.jumpToLive();
  expect(video.currentTime).toBe(28.5);
  video.currentTime = 12;
  tick(1);
  expect(video.currentTime).toBe(28.5);
});

test.each([
  [6, 'seeks, because the first playlist was old', { currentTime: 17, playbackRate: 1 }],
  [13, 'is settled, and catches up', { currentTime: 23, playbackRate: 1.1 }],
])('without parts, playback whose live edge turns out to be further after %d s %s', (seconds, _what, expected) => {
  const { details, ranges, video, hls, tick } = playback();
  Object.assign(details, { partTarget: 0, targetduration: 4 });
  hls.targetLatency = 7.2;
  const buffer = { start: 0, end: 17.2 };
  ranges.splice(0, 1, buffer);
  for (let step = 0; step < seconds * 5; step += 1) {
    tick(0.2);
    video.currentTime += 0.2;
    buffer.end += 0.2;
  }
  expect(video).toMatchObject({ currentTime: expect.closeTo(10 + seconds), playbackRate: 1 });
  buffer.end += 1;
  tick(0.2);
  expect(video).toMatchObject({ ...expected, currentTime: expect.closeTo(expected.currentTime, 0) });
});
