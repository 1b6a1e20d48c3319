import { marginAfterStall, NO_MARGIN, relaxedMargin } from '#player/latency-margin.ts';

test('every stall adds a quarter of the hold-back, all together no more than the hold-back', () => {
  let margin = marginAfterStall(NO_MARGIN, 1.6, 1000);
  expect(margin.seconds).toBeCloseTo(0.4);
  for (let stall = 0; stall < 9; stall += 1) margin = marginAfterStall(margin, 1.6, 2000);
  expect(margin.seconds).toBeCloseTo(1.6);
});

test('comes down to nothing while playback is smooth, not before', () => {
  const stalled = marginAfterStall(NO_MARGIN, 1.6, 1000);
  expect(relaxedMargin(stalled, 5999)).toBe(stalled);
  let margin = relaxedMargin(stalled, 6000);
  expect(margin.seconds).toBeCloseTo(0.35);
  for (let nowMs = 6000; nowMs < 60_000; nowMs += 200) margin = relaxedMargin(margin, nowMs);
  expect(margin.seconds).toBe(0);
});

test('no margin stays none', () => {
  expect(relaxedMargin(NO_MARGIN, 100_000)).toBe(NO_MARGIN);
});
