import { SourceFrameRate } from '#encoder/media/source-frame-rate.ts';

/** Numbers from 0 to 1 that are the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Frames {
  readonly rate: number;
  readonly seconds: number;
  readonly jitterMs?: number;
  /** The share of frames that are missing. */
  readonly missing?: number;
  readonly startMs?: number;
  readonly seed?: number;
}

/** Timestamps in whole milliseconds. */
function framesOf({ rate, seconds, jitterMs = 0, missing = 0, startMs = 0, seed = 1 }: Frames): number[] {
  const random = randomNumbers(seed);
  const phaseMs = random() * 1000;
  return Array.from({ length: Math.round(rate * seconds) }, (_, index) => index).flatMap((index) => {
    const timeMs = startMs + phaseMs + (index * 1000) / rate + (random() * 2 - 1) * jitterMs;
    return random() < missing ? [] : [Math.round(timeMs)];
  });
}

/** What was chosen, and after how many frames. */
interface Choice {
  readonly first: number | null | undefined;
  readonly firstAfterMs: number;
  readonly last: number | null | undefined;
  readonly changes: number;
}

function choose(timesMs: readonly number[], declared: number | null = null): Choice {
  const frameRate = new SourceFrameRate();
  const seen = [frameRate.choose(declared)];
  let firstAfterMs = seen[0] === undefined ? Number.POSITIVE_INFINITY : 0;
  for (const timeMs of timesMs) {
    frameRate.add(timeMs >>> 0);
    const chosen = frameRate.choose(declared);
    if (chosen !== undefined) firstAfterMs = Math.min(firstAfterMs, timeMs - (timesMs[0] ?? 0));
    if (chosen !== seen.at(-1)) seen.push(chosen);
  }
  const chosen = seen.filter((rate) => rate !== undefined);
  return { first: chosen[0], firstAfterMs, last: chosen.at(-1), changes: chosen.length - 1 };
}

const RATES = [10, 12, 15, 20, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 48, 50, 60_000 / 1001, 60];
const SEEDS = Array.from({ length: 15 }, (_, index) => index + 1);

describe.each(RATES)('%d frames a second', (rate) => {
  test('and no other are chosen if that is declared, at once, whatever comes', () => {
    for (const seed of SEEDS) {
      const timesMs = framesOf({ rate, seconds: 8, jitterMs: seed % 5, missing: (seed % 4) / 20, seed });
      expect(choose(timesMs, rate)).toEqual({ first: rate, firstAfterMs: 0, last: rate, changes: 0 });
    }
  });

  test.each([0, 1, 4])(
    'are found within a second and kept if nothing is declared, with %d ms of jitter',
    (jitterMs) => {
      for (const seed of SEEDS) {
        const { first, firstAfterMs, changes } = choose(framesOf({ rate, seconds: 8, jitterMs, seed }));
        // 29.97 and 30 are 0.1 % apart. That is one frame in half a minute.
        expect(Math.abs((first ?? 0) / rate - 1)).toBeLessThan(0.0011);
        expect(firstAfterMs).toBeLessThan(1150);
        expect(changes).toBe(0);
      }
    },
  );

  test('are found if frames are missing', () => {
    for (const seed of SEEDS) {
      const { last } = choose(framesOf({ rate, seconds: 8, jitterMs: 2, missing: 0.05, seed }));
      expect(Math.abs((last ?? 0) / rate - 1)).toBeLessThan(0.0011);
    }
  });

  test('are found if the metadata says 17.98', () => {
    for (const seed of SEEDS) {
      const { last, changes, firstAfterMs } = choose(framesOf({ rate, seconds: 8, jitterMs: 4, seed }), 17.98);
      expect(Math.abs((last ?? 0) / rate - 1)).toBeLessThan(0.0011);
      expect(changes).toBe(0);
      expect(firstAfterMs).toBeLessThan(1200);
    }
  });
});

test.each([
  [15, 30],
  [25, 50],
  [30, 60],
  [24, 30],
])('a source that begins at %d gets %d when it has had them for a while, once', (slow, fast) => {
  for (const declared of [null, slow]) {
    for (const seed of SEEDS) {
      const begin = framesOf({ rate: slow, seconds: 4, jitterMs: 3, seed });
      const rest = framesOf({ rate: fast, seconds: 10, jitterMs: 3, startMs: (begin.at(-1) ?? 0) + 30, seed });
      expect(choose([...begin, ...rest], declared)).toMatchObject({
        first: slow,
        last: expect.closeTo(fast, 0),
        changes: 1,
      });
    }
  }
});

test('a declared rate that is too low is raised', () => {
  expect(choose(framesOf({ rate: 60, seconds: 10 }), 30)).toMatchObject({ first: 30, last: 60, changes: 1 });
});

test('a declared rate that is too high is kept: the frames that are missing are repeated', () => {
  expect(choose(framesOf({ rate: 15, seconds: 10 }), 30)).toMatchObject({ last: 30, changes: 0 });
});

test('an unusual rate is kept if the frames agree with it', () => {
  expect(choose(framesOf({ rate: 17.98, seconds: 10 }), 17.98)).toMatchObject({ last: 17.98, changes: 0 });
  expect(choose(framesOf({ rate: 12.5, seconds: 10 }), 12.5)).toMatchObject({ last: 12.5, changes: 0 });
});

test('a short burst of frames raises nothing, nor do frames that come irregularly', () => {
  const random = randomNumbers(7);
  const burst = framesOf({ rate: 30, seconds: 20 }).flatMap((ms) => (ms > 9000 && ms < 10_000 ? [ms, ms + 16] : [ms]));
  expect(choose(burst, 30)).toMatchObject({ last: 30, changes: 0 });
  const irregular = framesOf({ rate: 30, seconds: 20 }).flatMap((ms) => (random() < 0.3 ? [ms, ms + 10] : [ms]));
  expect(choose(irregular, 30)).toMatchObject({ last: 30, changes: 0 });
});

test('timestamps that wrap, stand still or jump do no harm', () => {
  const wrapping = framesOf({ rate: 25, seconds: 10, startMs: 2 ** 32 - 4000 });
  expect(choose(wrapping)).toMatchObject({ first: 25, last: 25, changes: 0 });
  expect(choose(Array(500).fill(7))).toMatchObject({ first: null, changes: 0 });
  expect(choose([...framesOf({ rate: 25, seconds: 5 }), ...framesOf({ rate: 25, seconds: 5 })])).toMatchObject({
    last: 25,
  });
});
