import { marginAfterStall, NO_MARGIN, relaxedMargin } from '#site/watch/latency-margin.ts';

test('every stall adds a quarter of the hold-back, and all stalls together at most one hold-back', () => {
  let margin = marginAfterStall(NO_MARGIN, 1.6, 1000);
  expect(margin.seconds).toBeCloseTo(0.4);
  for (let stall = 0; stall < 9; stall += 1) margin = marginAfterStall(margin, 1.6, 2000);
  expect(margin.seconds).toBeCloseTo(1.6);
});

test('shrinks to zero during smooth playback, and only then', () => {
  const stalled = marginAfterStall(NO_MARGIN, 1.6, 1000);
  expect(relaxedMargin(stalled, 5999)).toBe(stalled);
  let margin = relaxedMargin(stalled, 6000);
  expect(margin.seconds).toBeCloseTo(0.35);
  for (let nowMs = 6000; nowMs < 60_000; nowMs += 200) margin = relaxedMargin(margin, nowMs);
  expect(margin.seconds).toBe(0);
});

test('a margin of zero stays zero', () => {
  expect(relaxedMargin(NO_MARGIN, 100_000)).toBe(NO_MARGIN);
});
