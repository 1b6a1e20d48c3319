import { LATENCY_NAMES, LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { clockMediaSequence, EpochRange } from '#encoder/streams/numbering.ts';

test.each(LATENCY_NAMES)('the clock counts faster than the %s profile makes segments', (latency) => {
  const hourMs = 3_600_000;
  const numbers = clockMediaSequence(hourMs) - clockMediaSequence(0);
  expect(numbers).toBeGreaterThan(hourMs / 1000 / LATENCY_PROFILES[latency].segmentSeconds);
});

test('media sequence numbers from the clock are whole and fit in 31 bits until 2060', () => {
  expect(clockMediaSequence(Date.UTC(2026, 0, 1))).toBe(0);
  expect(clockMediaSequence(Date.UTC(2026, 0, 1) + 1_750)).toBe(3);
  expect(clockMediaSequence(Date.UTC(2059, 11, 31))).toBeLessThan(2 ** 31);
});

test('epochs are handed out in order, the last one is reported, and taking another one throws', () => {
  let usedUp = 0;
  const epochs = new EpochRange({ first: 1001, count: 3 }, () => {
    usedUp += 1;
  });
  expect([epochs.take(), epochs.take()]).toEqual([1001, 1002]);
  expect(usedUp).toBe(0);
  expect(epochs.take()).toBe(1003);
  expect(usedUp).toBe(1);
  expect(() => epochs.take()).toThrow('used up');
});
