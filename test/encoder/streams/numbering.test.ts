import { LATENCY_NAMES, LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import type { SequenceState } from '#domain/streams.ts';
import {
  clockMediaSequence,
  EpochRange,
  mediaSequenceAfter,
  mediaSequenceAfterSilence,
} from '#encoder/streams/numbering.ts';

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

describe('after another task', () => {
  const WRITTEN_AT_MS = Date.UTC(2026, 5, 1);
  const FORMER: SequenceState = {
    ...{ latency: 'low', nextMsn: 1_000, discontinuityNumber: 1, offered: null, recordedAtMs: WRITTEN_AT_MS },
  };

  test.each(LATENCY_NAMES)('the %s profile can not have counted as far since it wrote down its state', (latency) => {
    const { segmentSeconds } = LATENCY_PROFILES[latency];
    for (const elapsedSeconds of [0, 0.1, 1, 8, 3_600]) {
      // It may have begun a segment just before it wrote, and have another one under way.
      const reached = FORMER.nextMsn + Math.ceil(elapsedSeconds / segmentSeconds) + 1;
      const first = mediaSequenceAfter({ ...FORMER, latency }, WRITTEN_AT_MS + elapsedSeconds * 1000);
      expect(first).toBeGreaterThan(reached);
      expect(Number.isInteger(first)).toBe(true);
    }
  });

  test('a clock that is behind the former task takes no number twice', () => {
    expect(mediaSequenceAfter(FORMER, WRITTEN_AT_MS - 5_000)).toBe(mediaSequenceAfter(FORMER, WRITTEN_AT_MS));
    expect(mediaSequenceAfter(FORMER, WRITTEN_AT_MS - 5_000)).toBeGreaterThan(FORMER.nextMsn);
  });

  test('that wrote down nothing, the clock gives the number', () => {
    expect(mediaSequenceAfter(null, WRITTEN_AT_MS)).toBe(clockMediaSequence(WRITTEN_AT_MS));
  });
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

test('a task that follows one which wrote nothing down starts above it, also if its own clock is two seconds behind', () => {
  expect(mediaSequenceAfterSilence(Date.UTC(2026, 10, 30) - 2_000)).toBeGreaterThan(
    clockMediaSequence(Date.UTC(2026, 10, 30)) + 1,
  );
});
