import { type QualityStep, QualitySteps } from '#encoder/transcode/quality-steps.ts';
import { planRenditions } from '#encoder/transcode/rendition-plan.ts';
import { type PaceSample, STEP_LIMITS } from '#encoder/transcode/step-policy.ts';
import { testArbiter } from '#test/support/step-arbiters.ts';

/** Six levels, which take 1.53, 1.31, 0.91, 0.77, 0.59 and 0.54 vCPUs. */
const FULL = planRenditions(
  {
    video: { codec: 'h264', width: 1920, height: 1080, frameRate: 60 },
    audio: { codec: 'aac', sampleRateHz: 48_000, channels: 2 },
  },
  '720p',
  'low',
);

/** The steps of a stream in a task that is thought to have enough vCPUs. */
function setUp(fits: (level: number) => boolean = () => true) {
  const clock = { nowMs: 0 };
  const now = (): number => clock.nowMs;
  const { slowMs, fallingMs, lateMs } = STEP_LIMITS;
  const steps = new QualitySteps({
    arbiter: testArbiter({ limits: { slowMs, fallingMs, lateMs }, now }),
    firstLevel: 0,
    fits: ({ video }) => fits(2 * (3 - video.length) + (video[0]?.frameStep === undefined ? 0 : 1)),
    now,
  });
  const startRun = (): QualityStep | null => {
    steps.plan(FULL);
    return steps.onRun();
  };
  startRun();
  const sample = (pace: Partial<PaceSample>): void =>
    steps.observe({ nowMs: clock.nowMs, speed: null, decline: null, backlogMs: 0, allowanceMs: 0, ...pace });
  /** FFmpeg falls behind at a speed for `seconds`, so that a step can't wait. */
  const fall = (speed: number, seconds = 5): void => {
    const sinceMs = clock.nowMs;
    for (let second = 0; second <= seconds && !steps.isPending; second += 0.5) {
      sample({ decline: { sinceMs, speed }, backlogMs: 1400 });
      clock.nowMs += 500;
    }
  };
  return { steps, clock, sample, fall, startRun };
}

test.each([0.5, 0.95])(
  'a stream that has been slow for 20 s steps down by one level, whatever its speed of %f',
  (speed) => {
    const { clock, sample, startRun } = setUp();
    for (; clock.nowMs <= 20_000; clock.nowMs += 500) sample({ speed });
    expect(startRun()).toMatchObject({ direction: 'down', level: 1 });
  },
);

test.each([
  [0.84, 2],
  [0.66, 2],
  [0.6, 3],
  [0.4, 5],
  [0.1, 5],
])(
  'at a speed of %f, a stream that falls behind steps to the first level that is enough, which is %i',
  (speed, level) => {
    const { fall, startRun } = setUp();
    fall(speed);
    expect(startRun()).toMatchObject({ direction: 'down', level });
  },
);

test('an FFmpeg that puts nothing out says nothing about the level that would be enough', () => {
  const { fall, startRun } = setUp();
  fall(0);
  expect(startRun()?.level).toBe(1);
});

test('a level that players can not continue with is passed over', () => {
  const { fall, startRun } = setUp((level) => level !== 3);
  fall(0.6);
  expect(startRun()?.level).toBe(4);
});

test('if the first step was not enough, the next one follows as soon as that is known', () => {
  const { steps, fall, startRun } = setUp();
  fall(0.8);
  expect(steps.isSettling).toBe(true);
  startRun();
  fall(0.8, 1.5);
  expect(steps.isPending).toBe(false);
  fall(0.8);
  expect(steps.isPending).toBe(true);
  expect(startRun()?.level).toBe(4);
});

test('a stream is settled when its new FFmpeg has shown a speed', () => {
  const { steps, fall, sample, startRun } = setUp();
  fall(0.8);
  sample({ speed: 1 });
  expect(steps.isSettling).toBe(true);
  startRun();
  sample({});
  expect(steps.isSettling).toBe(true);
  sample({ speed: 1 });
  expect(steps.isSettling).toBe(false);
});

test('a stream whose publisher is away does not step because another one is slow, and is counted again when it is back', () => {
  const clock = { nowMs: 0 };
  const now = (): number => clock.nowMs;
  const arbiter = testArbiter({ vCpus: 2, now });
  const [slow, away] = [1, 2].map(() => {
    const steps = new QualitySteps({ arbiter, firstLevel: 0, fits: () => true, now });
    steps.plan(FULL);
    steps.onRun();
    return steps;
  }) as [QualitySteps, QualitySteps];
  away.pause();
  arbiter.requestDown(slow);
  expect([slow.isPending, away.isPending]).toEqual([true, false]);
  away.resume();
  clock.nowMs += STEP_LIMITS.settleMs;
  arbiter.requestDown(slow);
  expect(away.isPending).toBe(true);
});
