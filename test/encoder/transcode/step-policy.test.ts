import { type PaceSample, STEP_LIMITS, type StepDirection, StepPolicy } from '#encoder/transcode/step-policy.ts';

const SAMPLE_MS = 500;
const KEEPS_UP = { speed: 1, decline: null, backlogMs: 0, allowanceMs: 0 } as const;
const UNKNOWN = { ...KEEPS_UP, speed: null } as const;

type UntimedSample = Omit<PaceSample, 'nowMs'>;

/** A policy, and the clock that its samples come from. */
class Run {
  readonly policy = new StepPolicy(STEP_LIMITS);
  nowMs = 0;

  /** Samples until an answer or for `seconds`. Returns the answer, and how many seconds it took. */
  observe(
    pace: Partial<UntimedSample> | ((second: number) => Partial<UntimedSample>),
    seconds: number,
  ): { answer: StepDirection | null; second: number } {
    const startMs = this.nowMs;
    for (;;) {
      const second = (this.nowMs - startMs) / 1000;
      const sample = typeof pace === 'function' ? pace(second) : pace;
      const answer = this.policy.observe({ nowMs: this.nowMs, ...KEEPS_UP, ...sample });
      if (answer !== null || second >= seconds) return { answer, second };
      this.nowMs += SAMPLE_MS;
    }
  }

  step(direction: StepDirection): void {
    this.policy.onStep(direction, this.nowMs);
  }
}

/** An FFmpeg that has `backlogMs` to work off and goes on at a speed, in real time. */
const falling =
  (speed: number, backlogMs = 600) =>
  (second: number): UntimedSample => ({
    ...UNKNOWN,
    decline: { sinceMs: 0, speed },
    backlogMs: backlogMs + second * (1 - speed) * 1000,
  });

test.each([
  ['just too slow', 0.96],
  ['very slow', 0.5],
])('%s for 20 s: down', (_name, speed) => {
  expect(new Run().observe({ speed }, 60)).toEqual({ answer: 'down', second: 20 });
});

test.each([
  ['fast enough', 0.97],
  ['unknown', null],
])('%s: no step in 59 s', (_name, speed) => {
  expect(new Run().observe({ speed }, 59).answer).toBeNull();
});

test('a moment of enough speed, or of none that is known, begins the 20 s anew', () => {
  expect(new Run().observe((second) => ({ speed: second === 19 ? 1 : 0.9 }), 60).second).toBe(39.5);
  expect(new Run().observe((second) => ({ speed: second === 19 ? null : 0.9 }), 60).second).toBe(39.5);
});

describe('an FFmpeg that would be replaced before it was slow for 20 s', () => {
  test.each([0.2, 0.5, 0.7])('at a speed of %f: down after 2.5 s', (speed) => {
    expect(new Run().observe(falling(speed), 60)).toEqual({ answer: 'down', second: 2.5 });
  });

  test('the slower it falls behind, the longer it is given, but never until it is replaced', () => {
    for (const speed of [0.82, 0.85, 0.89]) {
      const run = new Run();
      const { answer, second } = run.observe(falling(speed), 60);
      expect(answer).toBe('down');
      expect(second).toBeGreaterThan(2.5);
      expect(second).toBeLessThan(20);
      expect(run.policy.overloadInMs).toBeGreaterThan(1000);
    }
  });

  test('is not one that has had a hiccup', () => {
    const hiccup = new Run().observe((second) => (second < 2.5 ? falling(0.2)(second) : KEEPS_UP), 30);
    expect(hiccup.answer).toBeNull();
  });

  test('is not one for which nothing waits', () => {
    expect(new Run().observe((second) => ({ ...falling(0.5)(second), backlogMs: 100 }), 30).answer).toBeNull();
  });

  test('is not one that has only just started, or that works off what it was behind at its start', () => {
    const starting = (second: number) => ({ ...UNKNOWN, backlogMs: second * 1000, allowanceMs: 1500 });
    expect(new Run().observe(starting, 3).answer).toBeNull();
    const catchingUp = (second: number) => ({ ...UNKNOWN, backlogMs: 6000 - second * 200, allowanceMs: 6000 });
    expect(new Run().observe(catchingUp, 20).answer).toBeNull();
  });
});

test('input that is late and does not get less so can not wait 20 s', () => {
  const growing = new Run().observe((second) => ({ ...UNKNOWN, backlogMs: second * 500 }), 60);
  expect(growing).toEqual({ answer: 'down', second: 4 });
  expect(new Run().observe({ ...UNKNOWN, backlogMs: 2000 }, 60)).toEqual({ answer: 'down', second: 1 });
});

test('input that is less and less late needs no step', () => {
  expect(new Run().observe((second) => ({ ...UNKNOWN, backlogMs: 2800 - second * 200 }), 10).answer).toBeNull();
  expect(new Run().observe({ ...UNKNOWN, backlogMs: 1400 }, 10).answer).toBeNull();
});

test('says how soon FFmpeg would be replaced', () => {
  const run = new Run();
  expect(run.policy.overloadInMs).toBe(Number.POSITIVE_INFINITY);
  run.observe(falling(0.5, 2000), 0);
  expect(run.policy.overloadInMs).toBe(2000);
  run.observe((second) => ({ ...UNKNOWN, backlogMs: 2000 + second * 500 }), 1);
  expect(run.policy.overloadInMs).toBe(1000);
  run.observe(KEEPS_UP, 0);
  expect(run.policy.overloadInMs).toBe(Number.POSITIVE_INFINITY);
});

test('a step of a neighbour does not hide that FFmpeg falls behind', () => {
  const run = new Run();
  run.observe(falling(0.5), 1.5);
  run.policy.measureAnew();
  expect(run.observe((second) => falling(0.5)(second + 1.5), 10).second).toBe(1);
});

test('after a step, it measures anew', () => {
  const run = new Run();
  run.observe({ speed: 0.9 }, 60);
  run.step('down');
  expect(run.policy.isSlow).toBe(false);
  expect(run.observe({ speed: 0.9 }, 60)).toEqual({ answer: 'down', second: 20 });
});

test('a minute with room: up; the mean counts, not each sample', () => {
  expect(new Run().observe(KEEPS_UP, 90)).toEqual({ answer: 'up', second: 60 });
  const uneven = (second: number) => ({ speed: second % 2 === 0 ? 0.98 : 1.02 });
  expect(new Run().observe(uneven, 90)).toEqual({ answer: 'up', second: 60 });
});

test.each([
  ['a mean below 0.99', () => ({ speed: 0.98 })],
  ['a slow moment', (second: number) => ({ speed: second === 30 ? 0.9 : 1 })],
  ['a backlog', (second: number) => ({ backlogMs: second === 30 ? 600 : 0 })],
])('%s is no minute with room', (_name, pace) => {
  expect(new Run().observe(pace, 89).answer).toBeNull();
});

test('a step up that fails doubles the wait, up to a bound; one that lasts sets it back', () => {
  const run = new Run();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    waits.push(run.observe(KEEPS_UP, 2000).second);
    run.step('up');
    run.observe({ speed: 0.9 }, 60);
    run.step('down');
  }
  expect(waits).toEqual([60, 120, 240, 480, 960, 960]);
  run.observe(KEEPS_UP, 2000);
  run.step('up');
  run.observe({ speed: 0.98 }, 1000);
  run.observe({ speed: 0.9 }, 60);
  run.step('down');
  expect(run.observe(KEEPS_UP, 2000).second).toBe(60);
});
