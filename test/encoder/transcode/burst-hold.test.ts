import { BurstHold } from '#encoder/transcode/burst-hold.ts';

const FRAME_MS = 40;

/** A publisher in real time that was frozen from 1 s to `thawMs`, and then sends at `speed` until it has caught up. */
function heldFromTo(thawMs: number, speed: number): readonly [number, number] | null {
  const hold = new BurstHold();
  let mediaMs = 0;
  let begunAtMs: number | null = null;
  for (let nowMs = 0; nowMs < 40_000; nowMs += 10) {
    const mayHave = nowMs < 1000 ? nowMs : nowMs < thawMs ? 1000 : Math.min(nowMs, 1000 + (nowMs - thawMs) * speed);
    for (; mediaMs + FRAME_MS <= mayHave; mediaMs += FRAME_MS) hold.onTag(mediaMs, nowMs);
    if (nowMs % 100 === 0) hold.check(nowMs);
    if (hold.isHolding) begunAtMs ??= nowMs;
    else if (begunAtMs !== null) return [begunAtMs - thawMs, nowMs - thawMs];
  }
  return begunAtMs === null ? null : [begunAtMs - thawMs, Number.POSITIVE_INFINITY];
}

test('nothing is held back after a pause of less than 3 s', () => {
  expect(heldFromTo(3900, 100)).toBeNull();
});

test.each([
  ['at once', 1000, 40],
  ['a hundred times as fast as it was recorded', 100, 400],
  ['ten times as fast', 10, 1700],
])('a backlog that comes %s is held back until the publisher has caught up', (_name, speed, latestMs) => {
  const [fromMs = Number.NaN, toMs] = heldFromTo(16_000, speed) ?? [];
  expect(fromMs).toBeLessThanOrEqual(FRAME_MS);
  expect(toMs).toBeLessThanOrEqual(latestMs);
});

test('a publisher that catches up slowly is not held back for long', () => {
  expect(heldFromTo(16_000, 1.2)?.[1]).toBeLessThanOrEqual(500);
  expect(heldFromTo(16_000, 4)?.[1]).toBeLessThanOrEqual(2200);
});

test('a publisher that returns from an absence is not held back', () => {
  const hold = new BurstHold();
  hold.onTag(0, 0);
  hold.onReturn();
  hold.onTag(FRAME_MS, 60_000);
  expect(hold.isHolding).toBe(false);
});
