import { catchUpRate } from '#site/watch/catch-up.ts';

const LOW = { targetSeconds: 1.54, bufferedAheadSeconds: 1.3 };

test.each([
  ['on target', 1, 0, 1],
  ['ahead of target', 1, -0.5, 1],
  ['slightly behind', 1, 0.07, 1],
  ['behind', 1, 0.2, 1.04],
  ['far behind', 1, 0.3, 1.1],
  ['still slightly behind while catching up', 1.04, 0.05, 1.04],
  ['on target after catching up', 1.04, 0, 1],
  ['still behind at the full rate', 1.1, 0.15, 1.1],
  ['close to target at the full rate', 1.1, 0.05, 1.04],
  ['on target at the full rate', 1.1, 0, 1],
])('%s: rate %d with %d s of excess latency becomes %d', (_name, currentRate, excessSeconds, expected) => {
  expect(catchUpRate(currentRate, { ...LOW, latencySeconds: LOW.targetSeconds + excessSeconds })).toBe(expected);
});

test.each([
  ['does not begin with a small buffer', 1, 0.55, 1],
  ['continues once it has begun', 1.1, 0.45, 1.1],
  ['stops before the buffer is empty', 1.1, 0.35, 1],
])('%s', (_name, currentRate, bufferShare, expected) => {
  const bufferedAheadSeconds = LOW.targetSeconds * bufferShare;
  expect(catchUpRate(currentRate, { ...LOW, bufferedAheadSeconds, latencySeconds: 3 })).toBe(expected);
});

test.each([
  ['ultra', 0.64, 0.2],
  ['low', 1.54, 0.5],
])('%s: reaches the target without stalls or hunting while parts arrive one by one', (_name, target, part) => {
  const stepSeconds = 0.2;
  let time = 0;
  let playhead = -target - 1;
  let rate = 1;
  const rates: number[] = [];
  for (; time < 60; time += stepSeconds) {
    const edge = Math.floor(time / part) * part;
    const bufferedAheadSeconds = edge - playhead;
    expect(bufferedAheadSeconds).toBeGreaterThan(0);
    rate = catchUpRate(rate, { latencySeconds: time - playhead, targetSeconds: target, bufferedAheadSeconds });
    rates.push(rate);
    playhead += stepSeconds * rate;
  }
  const changes = rates.filter((value, index) => index > 0 && value !== rates[index - 1]);
  expect(changes).toEqual([1.04, 1]);
  expect(time - playhead - target).toBeLessThan(0.06);
});
