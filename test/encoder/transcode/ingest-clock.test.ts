import { IngestClock } from '#encoder/transcode/ingest-clock.ts';
import { Random } from '#kit/random.ts';

const EPOCH_MS = 1_800_000_000_000;
/** What the steady clock shows at EPOCH_MS. */
const UPTIME_MS = 5_000;

/** An ingest clock beside a wall clock that nobody sets. */
class TestClock extends IngestClock {
  override observe(timelineMs: number, receivedAtMs: number, nowMs = receivedAtMs - EPOCH_MS + UPTIME_MS): void {
    super.observe(timelineMs, receivedAtMs, nowMs);
  }
}

test('throws before the first tag', () => {
  expect(() => new TestClock().wallClockMs(0)).toThrow('no tag');
});

test('a late tag does not change it, an earlier one does', () => {
  const clock = new TestClock();
  clock.observe(0, EPOCH_MS + 80);
  clock.observe(33, EPOCH_MS + 33 + 20);
  clock.observe(66, EPOCH_MS + 66 + 900);
  expect(clock.wallClockMs(66)).toBeCloseTo(EPOCH_MS + 66 + 20, 0);
});

test.each([
  [1, 0],
  [2, 100e-6],
  [3, -100e-6],
  [4, 300e-6],
])(
  'seed %d: with 60 ms of jitter and a clock drift of %d, it stays within 40 ms of the smallest delay',
  (seed, drift) => {
    const random = new Random(seed);
    const clock = new TestClock();
    let worstMs = 0;
    for (let frame = 0; frame < 30 * 1800; frame++) {
      const timelineMs = Math.round((frame * 1000) / 30);
      const sentAtMs = EPOCH_MS + timelineMs * (1 + drift);
      clock.observe(timelineMs, sentAtMs + 10 + random.integer(0, 60));
      if (frame > 300) worstMs = Math.max(worstMs, Math.abs(clock.wallClockMs(timelineMs) - (sentAtMs + 10)));
    }
    expect(worstMs).toBeLessThan(40);
  },
);

test('tags that are not in order do not let it grow twice', () => {
  const clock = new TestClock();
  clock.observe(0, EPOCH_MS);
  for (let round = 0; round < 1000; round++) {
    clock.observe(1000, EPOCH_MS + 5000);
    clock.observe(900, EPOCH_MS + 5000);
  }
  expect(clock.wallClockMs(0)).toBeCloseTo(EPOCH_MS + 0.5, 3);
});

test('after a return, what follows has the later date, and what came before keeps its own', () => {
  const clock = new TestClock();
  clock.observe(0, EPOCH_MS + 50);
  clock.onReturn(1000);
  clock.observe(1000, EPOCH_MS + 5000);
  clock.observe(1100, EPOCH_MS + 5090);
  expect(clock.wallClockMs(999)).toBe(EPOCH_MS + 1049);
  expect(clock.wallClockMs(1000)).toBe(EPOCH_MS + 4990);
  expect([999, 1000].map((timelineMs) => clock.absencesBy(timelineMs))).toEqual([0, 1]);
});

test('it remembers the latest returns and counts all', () => {
  const clock = new TestClock();
  clock.observe(0, EPOCH_MS);
  for (let count = 1; count <= 100; count++) {
    clock.onReturn(count * 1000);
    clock.observe(count * 1000, EPOCH_MS + count * 3000);
  }
  expect(clock.absencesBy(100_000)).toBe(100);
  expect(clock.absencesBy(95_500)).toBe(95);
  expect(clock.wallClockMs(95_500)).toBe(EPOCH_MS + 95 * 3000 + 500);
  // Older than any that is remembered.
  expect(clock.absencesBy(0)).toBe(92);
});

describe('if the wall clock is set', () => {
  /** Tags at 30 frames a second for 20 s. The wall clock is set by `steppedMs` after 10 s. */
  function clockWithStep(steppedMs: number): IngestClock {
    const clock = new IngestClock();
    for (let timelineMs = 0; timelineMs < 20_000; timelineMs += 33) {
      const wallMs = EPOCH_MS + timelineMs + (timelineMs < 10_000 ? 0 : steppedMs);
      clock.observe(timelineMs, wallMs, UPTIME_MS + timelineMs);
    }
    return clock;
  }

  test.each([10_000, -10_000, 500])(
    'by %i ms, dates follow at once, and what came before keeps its own',
    (steppedMs) => {
      const clock = clockWithStep(steppedMs);
      expect(clock.wallClockMs(9_900)).toBeCloseTo(EPOCH_MS + 9_900, 0);
      expect(clock.wallClockMs(10_032)).toBeCloseTo(EPOCH_MS + 10_032 + steppedMs, 0);
      expect([9_900, 10_032, 19_900].map((timelineMs) => clock.absencesBy(timelineMs))).toEqual([0, 1, 1]);
    },
  );

  test.each([100, -100])('by %i ms, there is no jump', (steppedMs) => {
    expect(clockWithStep(steppedMs).absencesBy(20_000)).toBe(0);
  });

  test('a publisher that sends late is no step', () => {
    const clock = new IngestClock();
    for (const [timelineMs, delayMs] of [
      [0, 50],
      [1000, 9_000],
      [1033, 8_970],
      [11_000, 50],
    ] as const) {
      clock.observe(timelineMs, EPOCH_MS + timelineMs + delayMs, UPTIME_MS + timelineMs + delayMs);
    }
    expect(clock.absencesBy(11_000)).toBe(0);
    expect(clock.wallClockMs(11_000)).toBeCloseTo(EPOCH_MS + 11_050, 0);
  });
});
