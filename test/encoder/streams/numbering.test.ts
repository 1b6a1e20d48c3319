import { LATENCY_NAMES, LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { clockMediaSequence, EpochRange } from '#encoder/streams/numbering.ts';

test.each(LATENCY_NAMES)('%s makes segments slower than the clock counts', (latency) => {
  const hourMs = 3_600_000;
  const numbers = clockMediaSequence(hourMs) - clockMediaSequence(0);
  expect(numbers).toBeGreaterThan(hourMs / 1000 / LATENCY_PROFILES[latency].segmentSeconds);
});

test('numbers are whole and fit 31 bits for decades', () => {
  expect(clockMediaSequence(Date.UTC(2026, 0, 1))).toBe(0);
  expect(clockMediaSequence(Date.UTC(2026, 0, 1) + 1_750)).toBe(3);
  expect(clockMediaSequence(Date.UTC(2059, 11, 31))).toBeLessThan(2 ** 31);
});

test('epochs come in turn, the last with a word, and none after it', () => {
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
