import { StepArbiter, type Stepper } from '#encoder/transcode/step-arbiter.ts';
import { STEP_LIMITS, type StepDirection } from '#encoder/transcode/step-policy.ts';

/** A stream of which each step down saves half of the vCPUs. */
class TestStepper implements Stepper {
  vCpus: number;
  isSlow: boolean;
  fallingSpeed: number | null = null;
  overloadInMs = Number.POSITIVE_INFINITY;
  isSettling = false;
  levels = 3;
  level = 0;
  measurements = 0;
  readonly steps: StepDirection[] = [];

  constructor(vCpus: number, isSlow = true) {
    this.vCpus = vCpus;
    this.isSlow = isSlow;
  }

  get vCpusToStepUp(): number | null {
    return this.level === 0 ? null : this.vCpus;
  }

  get canStepDown(): boolean {
    return this.level + 1 < this.levels;
  }

  step(direction: StepDirection): void {
    this.steps.push(direction);
    this.level += direction === 'down' ? 1 : -1;
    this.vCpus *= direction === 'down' ? 0.5 : 2;
  }

  measureAnew(): void {
    this.measurements++;
  }

  /** Falls behind, with as much time left until its FFmpeg would be replaced. */
  falls(fallingSpeed: number, overloadInMs = 10_000): this {
    return Object.assign(this, { fallingSpeed, overloadInMs });
  }
}

/** An arbiter with a fake clock, for a task of 2 vCPUs. */
function setUp(...steppers: TestStepper[]) {
  const clock = { nowMs: 1_000_000, idleVCpus: null as number | null };
  const arbiter = new StepArbiter({
    limits: STEP_LIMITS,
    architecture: 'x64',
    vCpus: 2,
    idleVCpus: () => clock.idleVCpus,
    now: () => clock.nowMs,
  });
  for (const stepper of steppers) arbiter.join(stepper);
  const settle = (): void => {
    clock.nowMs += STEP_LIMITS.settleMs;
  };
  return { arbiter, clock, settle };
}

const stepsOf = (...steppers: TestStepper[]): StepDirection[][] => steppers.map(({ steps }) => steps);

test('the only stream of a task steps, whatever it is thought to cost', () => {
  for (const vCpus of [0.2, 3]) {
    const only = new TestStepper(vCpus);
    setUp(only).arbiter.requestDown(only);
    expect(only.steps).toEqual(['down']);
  }
});

test('of slow streams the most expensive one steps, of equals the one that came last', () => {
  const [cheap, first, last] = [new TestStepper(0.4), new TestStepper(0.7), new TestStepper(0.7)];
  const { arbiter } = setUp(cheap, first, last);
  arbiter.requestDown(cheap);
  expect(stepsOf(cheap, first, last)).toEqual([[], [], ['down']]);
});

test('while the task has enough vCPUs, a stream that keeps up never steps for one that does not', () => {
  const [slow, dear] = [new TestStepper(0.4), new TestStepper(1.5, false)];
  const { arbiter } = setUp(slow, dear);
  arbiter.requestDown(slow);
  expect(stepsOf(slow, dear)).toEqual([['down'], []]);
});

test('a stream within its share never steps because another overloads the task', () => {
  const [modest, greedy] = [new TestStepper(0.9), new TestStepper(3, false)];
  const { arbiter, settle } = setUp(modest, greedy);
  arbiter.requestDown(modest);
  expect(stepsOf(modest, greedy)).toEqual([[], ['down']]);
  settle();
  arbiter.requestDown(modest);
  arbiter.onReplaced(modest);
  expect(stepsOf(modest, greedy)).toEqual([[], ['down', 'down']]);
});

test('not even if the other can step no further', () => {
  const [modest, greedy] = [new TestStepper(0.9), new TestStepper(3)];
  greedy.levels = 1;
  const { arbiter } = setUp(modest, greedy);
  arbiter.requestDown(modest);
  arbiter.onReplaced(modest);
  expect(stepsOf(modest, greedy)).toEqual([[], []]);
});

test('equal streams that are too much step in turn, each after the effect of the step before', () => {
  const [first, last] = [new TestStepper(2), new TestStepper(2)];
  const { arbiter, settle } = setUp(first, last);
  arbiter.requestDown(first);
  arbiter.requestDown(first);
  arbiter.requestDown(last);
  expect(stepsOf(first, last)).toEqual([[], ['down']]);
  expect([first.measurements, last.measurements]).toEqual([1, 1]);
  settle();
  arbiter.requestDown(last);
  expect(stepsOf(first, last)).toEqual([['down'], ['down']]);
});

describe('streams that fall behind do not wait for the effect of a step', () => {
  test('if it leaves nothing for them', () => {
    const [first, last] = [new TestStepper(2).falls(0.5), new TestStepper(2).falls(0.5)];
    const { arbiter } = setUp(first, last);
    arbiter.requestDown(last);
    arbiter.requestDown(first);
    expect(stepsOf(first, last)).toEqual([['down'], ['down']]);
  });

  test('but do if it may be enough for them', () => {
    const [first, last] = [new TestStepper(2).falls(0.8), new TestStepper(2).falls(0.8)];
    const { arbiter, settle } = setUp(first, last);
    arbiter.requestDown(last);
    arbiter.requestDown(first);
    expect(stepsOf(first, last)).toEqual([[], ['down']]);
    settle();
    arbiter.requestDown(first);
    expect(stepsOf(first, last)).toEqual([['down'], ['down']]);
  });

  test('unless their FFmpeg would be replaced before', () => {
    const [first, last] = [new TestStepper(2).falls(0.8, STEP_LIMITS.settleMs - 1), new TestStepper(2).falls(0.8)];
    const { arbiter } = setUp(first, last);
    arbiter.requestDown(last);
    arbiter.requestDown(first);
    expect(stepsOf(first, last)).toEqual([['down'], ['down']]);
  });

  test('but a stream that has stepped does so again only if it is known how its new FFmpeg keeps up', () => {
    const stepper = new TestStepper(2).falls(0.5);
    const { arbiter } = setUp(stepper);
    arbiter.requestDown(stepper);
    stepper.isSettling = true;
    arbiter.requestDown(stepper);
    expect(stepper.steps).toEqual(['down']);
    stepper.isSettling = false;
    arbiter.requestDown(stepper);
    expect(stepper.steps).toEqual(['down', 'down']);
  });
});

describe('a stream that takes little never steps for one that takes much', () => {
  test.each([
    ['more than the task has', 3],
    ['less than the task has', 1.5],
  ])('whether they are thought to take %s', (_name, vCpus) => {
    const [little, much] = [new TestStepper(0.3).falls(0.7, 0), new TestStepper(vCpus).falls(0.7)];
    const { arbiter, settle } = setUp(much, little);
    arbiter.requestDown(little);
    much.isSettling = true;
    arbiter.requestDown(little);
    expect(stepsOf(little, much)).toEqual([[], ['down']]);
    much.isSettling = false;
    settle();
    arbiter.requestDown(little);
    expect(stepsOf(little, much)).toEqual([[], ['down', 'down']]);
  });
});

test('a stream within its share waits for the effect of a step, even if the other takes hardly more than it after that', () => {
  const [little, much] = [new TestStepper(0.9).falls(0.7, 0), new TestStepper(1.9).falls(0.7)];
  const { arbiter, settle } = setUp(little, much);
  arbiter.requestDown(little);
  much.isSettling = true;
  arbiter.requestDown(little);
  expect(stepsOf(little, much)).toEqual([[], ['down']]);
  settle();
  Object.assign(much, { isSettling: false, isSlow: false });
  arbiter.requestDown(little);
  expect(stepsOf(little, much)).toEqual([['down'], ['down']]);
});

test('a stream whose FFmpeg is being replaced steps at once, if it takes more than its share', () => {
  const [first, last] = [new TestStepper(2), new TestStepper(2)];
  const { arbiter } = setUp(first, last);
  arbiter.requestDown(first);
  arbiter.onReplaced(first);
  expect(stepsOf(first, last)).toEqual([['down'], ['down']]);
  first.levels = 0;
  arbiter.onReplaced(first);
  expect(first.steps).toEqual(['down']);
});

test('a stream that has left is not counted', () => {
  const [gone, left] = [new TestStepper(3), new TestStepper(0.5)];
  const { arbiter } = setUp(gone, left);
  arbiter.leave(gone);
  arbiter.requestDown(left);
  expect(stepsOf(gone, left)).toEqual([[], ['down']]);
});

describe('a step up', () => {
  function reduced(vCpus: number): TestStepper {
    const stepper = new TestStepper(vCpus, false);
    stepper.level = 1;
    return stepper;
  }

  test.each([
    ['with as many idle vCPUs as it takes', 0.5, ['up']],
    ['with fewer', 0.49, []],
    ['while they are unknown', null, []],
  ])('%s', (_name, idleVCpus, steps) => {
    const stepper = reduced(0.5);
    const { arbiter, clock } = setUp(stepper);
    clock.idleVCpus = idleVCpus;
    arbiter.requestUp(stepper);
    expect(stepper.steps).toEqual(steps);
  });

  test('waits while a neighbour is slow, and for the effect of the step before', () => {
    const [slow, first, second] = [new TestStepper(0.1), reduced(0.2), reduced(0.2)];
    const { arbiter, clock, settle } = setUp(slow, first, second);
    clock.idleVCpus = 1;
    arbiter.requestUp(first);
    slow.isSlow = false;
    arbiter.requestUp(first);
    arbiter.requestUp(second);
    expect(stepsOf(slow, first, second)).toEqual([[], ['up'], []]);
    settle();
    arbiter.requestUp(second);
    expect(second.steps).toEqual(['up']);
  });

  test('is the first to be taken back, even if a neighbour is more expensive', () => {
    const [dear, up] = [new TestStepper(1), reduced(0.2)];
    dear.isSlow = false;
    const { arbiter, clock, settle } = setUp(dear, up);
    clock.idleVCpus = 1;
    arbiter.requestUp(up);
    settle();
    [dear.isSlow, up.isSlow] = [true, true];
    arbiter.requestDown(dear);
    settle();
    arbiter.requestDown(dear);
    expect(stepsOf(dear, up)).toEqual([['down'], ['up', 'down']]);
  });

  test('is none for a stream with full quality', () => {
    const stepper = new TestStepper(0.1, false);
    const { arbiter, clock } = setUp(stepper);
    clock.idleVCpus = 2;
    arbiter.requestUp(stepper);
    expect(stepper.steps).toEqual([]);
  });
});
