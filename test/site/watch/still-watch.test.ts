import { STILL_AFTER_MS, StillWatch } from '#site/watch/still-watch.ts';

const CHECK_MS = 50;

/** Returns when a playhead that stops at 1 s is found to be still, and counts when it is meant to move. */
function stillAtMs(isMeantToMove: (nowMs: number) => boolean): number | null {
  const watch = new StillWatch();
  for (let nowMs = 0; nowMs <= 5000; nowMs += CHECK_MS) {
    const currentTime = Math.min(nowMs, 1000) / 1000;
    if (watch.isStill({ nowMs, currentTime, isMeantToMove: isMeantToMove(nowMs) })) return nowMs;
  }
  return null;
}

test('a picture is still after a while, and not before', () => {
  expect(stillAtMs(() => true)).toBe(1000 + STILL_AFTER_MS);
});

test('a paused picture is not waiting', () => {
  expect(stillAtMs(() => false)).toBeNull();
  expect(stillAtMs((nowMs) => nowMs > 3000)).toBe(3000 + STILL_AFTER_MS);
});
