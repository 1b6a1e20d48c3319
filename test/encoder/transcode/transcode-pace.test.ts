import { STEP_LIMITS, type StepDirection, StepPolicy } from '#encoder/transcode/step-policy.ts';
import { TranscodePace } from '#encoder/transcode/transcode-pace.ts';

const TICK_MS = 20;
const FRAME_MS = 40;
const FRAGMENT_MS = 500;
const SAMPLE_MS = 500;

interface Simulation {
  /** How many milliseconds of media have arrived at a time. @default in real time */
  readonly arrived?: (nowMs: number) => number;
  /** How fast FFmpeg works at a time, if it has input. */
  readonly speed: (nowMs: number) => number;
  /** How long FFmpeg takes to start. @default 400 */
  readonly startMs?: number;
}

/** An FFmpeg and its publisher, until a step is called for, FFmpeg is too late, or `seconds` are over. */
function simulate({ arrived = (nowMs) => nowMs, speed, startMs = 400 }: Simulation, seconds: number) {
  const pace = new TranscodePace({ firstTagMs: 0, startMs: 0, nowMs: 0 });
  const policy = new StepPolicy({ ...STEP_LIMITS, roomMs: Number.POSITIVE_INFINITY });
  const unread: { readonly untilMs: number; readonly atMs: number }[] = [];
  let [fedMs, doneMs] = [0, 0];
  for (let nowMs = 0; nowMs <= seconds * 1000; nowMs += TICK_MS) {
    for (; fedMs + FRAME_MS <= arrived(nowMs); fedMs += FRAME_MS) {
      pace.onFed(fedMs, nowMs);
      unread.push({ untilMs: fedMs + FRAME_MS, atMs: nowMs });
    }
    if (nowMs >= startMs) doneMs = Math.min(fedMs, doneMs + speed(nowMs) * TICK_MS);
    while (unread[0] !== undefined && unread[0].untilMs <= doneMs) unread.shift();
    pace.onDelivered(Math.floor(doneMs / FRAGMENT_MS) * FRAGMENT_MS, nowMs);
    const waitedMs = nowMs - (unread[0]?.atMs ?? nowMs);
    const second = nowMs / 1000;
    if (pace.isTooLate(nowMs, waitedMs)) return { end: 'too late', second };
    const step: StepDirection | null = nowMs % SAMPLE_MS === 0 ? policy.observe(pace.sample(nowMs, waitedMs)) : null;
    if (step !== null) return { end: step, second };
  }
  return { end: 'nothing', second: seconds };
}

/** A publisher that pauses from 10 s on, and then sends at once what it could not send. */
const pausesFor = (ms: number) => (nowMs: number) => (nowMs > 10_000 && nowMs < 10_000 + ms ? 10_000 : nowMs);

describe('an FFmpeg that can keep up is neither replaced nor a reason for a step', () => {
  test.each<[string, Simulation]>([
    ['while nothing happens', { speed: () => 1.02 }],
    ['if it starts slowly', { speed: () => 1.2, startMs: 2500 }],
    ['if it begins far behind', { speed: () => 1.1, arrived: (nowMs) => nowMs + 6000 }],
    ['if it begins far behind and is hardly faster than its input', { speed: () => 1.05, arrived: (ms) => ms + 2000 }],
    ['after a hiccup', { speed: (nowMs) => (nowMs > 10_000 && nowMs < 11_500 ? 0 : 1.2) }],
    ['after a burst of other load', { speed: (nowMs) => (nowMs > 10_000 && nowMs < 13_000 ? 0.8 : 1.1) }],
    ['if its publisher pauses for 2 s', { speed: () => 1.2, arrived: pausesFor(2000) }],
    ['if its publisher pauses for 5 s', { speed: () => 1.2, arrived: pausesFor(5000) }],
    ['if its publisher sends in bursts', { speed: () => 1.2, arrived: (nowMs) => nowMs - (nowMs % 1200) }],
    ['if its publisher is slower than real time', { speed: () => 1.2, arrived: (nowMs) => nowMs * 0.6 }],
  ])('%s', (_name, simulation) => {
    expect(simulate(simulation, 60)).toEqual({ end: 'nothing', second: 60 });
  });
});

describe('an FFmpeg that is too slow calls for a step before it would be replaced', () => {
  test.each([0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95])('at a speed of %f from its start', (speed) => {
    const { end, second } = simulate({ speed: () => speed }, 60);
    expect(end).toBe('down');
    expect(second).toBeLessThanOrEqual(27);
  });

  test.each([0, 0.3, 0.5, 0.7, 0.85, 0.95])('at a speed of %f later on', (speed) => {
    expect(simulate({ speed: (nowMs) => (nowMs < 10_000 ? 1.1 : speed) }, 60).end).toBe('down');
  });

  test.each([0.5, 0.8, 0.95])('at a speed of %f when it takes over what another one left', (speed) => {
    expect(simulate({ speed: () => speed, arrived: (nowMs) => nowMs + 4000 }, 60).end).toBe('down');
  });

  test('the sooner, the slower it is', () => {
    const seconds = [0.5, 0.7, 0.8, 0.85, 0.96].map((speed) => simulate({ speed: () => speed }, 60).second);
    expect(seconds.toSorted((a, b) => a - b)).toEqual(seconds);
    expect(seconds[0]).toBeLessThanOrEqual(5);
  });

  test('even if nothing comes out at all', () => {
    expect(simulate({ speed: () => 1, startMs: 60_000 }, 60).end).toBe('down');
  });
});

test('an FFmpeg that is late and slower than its input is replaced, one that is faster is not', () => {
  const late = (speed: number) => {
    const pace = new TranscodePace({ firstTagMs: 0, startMs: 0, nowMs: 0 });
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 500) {
      pace.onFed(nowMs, nowMs);
      pace.onDelivered(Math.max(0, nowMs * speed - 60_000 * (speed - 1) - 4000), nowMs);
    }
    return pace.isTooLate(60_000, 4000);
  };
  expect(late(0.98)).toBe(true);
  expect(late(1.02)).toBe(false);
});
