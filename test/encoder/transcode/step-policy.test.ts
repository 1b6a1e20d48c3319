import { STEP_LIMITS, type StepDirection, StepPolicy } from '#encoder/transcode/step-policy.ts';

const SAMPLE_MS = 500;

/** A policy, and the clock that its samples come from. */
class Run {
  readonly policy = new StepPolicy(STEP_LIMITS);
  nowMs = 0;

  /** Samples until an answer or for `seconds`. Returns the answer, and how many seconds it took. */
  observe(
    speed: number | null | ((second: number) => number | null),
    seconds: number,
    backlogMs: (second: number) => number = () => 0,
  ): { answer: StepDirection | null; second: number } {
    const startMs = this.nowMs;
    for (;;) {
      const second = (this.nowMs - startMs) / 1000;
      const now = typeof speed === 'function' ? speed(second) : speed;
      const answer = this.policy.observe({ nowMs: this.nowMs, speed: now, backlogMs: backlogMs(second) });
      if (answer !== null || second >= seconds) return { answer, second };
      this.nowMs += SAMPLE_MS;
    }
  }

  step(direction: StepDirection): void {
    this.policy.onStep(direction, this.nowMs);
  }
}

test.each([
  ['just too slow', 0.96],
  ['very slow', 0.5],
])('%s for 20 s: down', (_name, speed) => {
  expect(new Run().observe(speed, 60)).toEqual({ answer: 'down', second: 20 });
});

test.each([
  ['fast enough', 0.97],
  ['unknown', null],
])('%s: no step in 59 s', (_name, speed) => {
  expect(new Run().observe(speed, 59).answer).toBeNull();
});

test('a moment of enough speed, or of none that is known, begins the 20 s anew', () => {
  expect(new Run().observe((second) => (second === 19 ? 1 : 0.9), 60).second).toBe(39.5);
  expect(new Run().observe((second) => (second === 19 ? null : 0.9), 60).second).toBe(39.5);
});

test('a backlog that does not shrink can not wait 20 s', () => {
  const growing = new Run().observe(null, 60, (second) => second * 500);
  expect(growing).toEqual({ answer: 'down', second: 4 });
  expect(new Run().observe(null, 60, () => 2000)).toEqual({ answer: 'down', second: 1 });
});

test('a backlog that FFmpeg works off needs no step', () => {
  expect(new Run().observe(null, 10, (second) => 2800 - second * 200).answer).toBeNull();
  expect(new Run().observe(null, 10, () => 1400).answer).toBeNull();
});

test('after a step, it measures anew', () => {
  const run = new Run();
  run.observe(0.9, 60);
  run.step('down');
  expect(run.policy.isSlow).toBe(false);
  expect(run.observe(0.9, 60)).toEqual({ answer: 'down', second: 20 });
});

test('a minute with room: up; the mean counts, not each sample', () => {
  expect(new Run().observe(1, 90)).toEqual({ answer: 'up', second: 60 });
  expect(new Run().observe((second) => (second % 2 === 0 ? 0.98 : 1.02), 90)).toEqual({ answer: 'up', second: 60 });
});

test.each([
  ['a mean below 0.99', () => 0.98, () => 0],
  ['a slow moment', (second: number) => (second === 30 ? 0.9 : 1), () => 0],
  ['a backlog', () => 1, (second: number) => (second === 30 ? 600 : 0)],
])('%s is no minute with room', (_name, speed, backlogMs) => {
  expect(new Run().observe(speed, 89, backlogMs).answer).toBeNull();
});

test('a step up that fails doubles the wait, up to a bound; one that lasts sets it back', () => {
  const run = new Run();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    waits.push(run.observe(1, 2000).second);
    run.step('up');
    run.observe(0.9, 60);
    run.step('down');
  }
  expect(waits).toEqual([60, 120, 240, 480, 960, 960]);
  run.observe(1, 2000);
  run.step('up');
  run.observe(0.98, 1000);
  run.observe(0.9, 60);
  run.step('down');
  expect(run.observe(1, 2000).second).toBe(60);
});
