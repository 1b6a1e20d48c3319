import { IngestClock } from '#encoder/transcode/ingest-clock.ts';
import { Random } from '#kit/random.ts';

const EPOCH_MS = 1_800_000_000_000;

test('throws before the first tag', () => {
  expect(() => new IngestClock().wallClockMs(0)).toThrow('no tag');
});

test('a late tag does not change it, an earlier one does', () => {
  const clock = new IngestClock();
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
    const clock = new IngestClock();
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
  const clock = new IngestClock();
  clock.observe(0, EPOCH_MS);
  for (let round = 0; round < 1000; round++) {
    clock.observe(1000, EPOCH_MS + 5000);
    clock.observe(900, EPOCH_MS + 5000);
  }
  expect(clock.wallClockMs(0)).toBeCloseTo(EPOCH_MS + 0.5, 3);
});

test('after a return, what follows has the later date, and what came before keeps its own', () => {
  const clock = new IngestClock();
  clock.observe(0, EPOCH_MS + 50);
  clock.onReturn(1000);
  clock.observe(1000, EPOCH_MS + 5000);
  clock.observe(1100, EPOCH_MS + 5090);
  expect(clock.wallClockMs(999)).toBe(EPOCH_MS + 1049);
  expect(clock.wallClockMs(1000)).toBe(EPOCH_MS + 4990);
  expect([999, 1000].map((timelineMs) => clock.absencesBy(timelineMs))).toEqual([0, 1]);
});

test('it remembers the latest returns and counts all', () => {
  const clock = new IngestClock();
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
