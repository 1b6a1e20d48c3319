import type { PresentedFrame } from '#kit/frame-counter.ts';
import { longestStallMs, percentile, summariseLatency } from '#scripts/bench/latency-summary.ts';

const FRAME_MS = 40;
const SPAN = { fromMs: 0, untilMs: 960 };

function frame(index: number, changes: Partial<PresentedFrame> = {}): PresentedFrame {
  const displayedAtMs = index * FRAME_MS;
  return {
    frameNumber: index,
    displayedAtMs,
    mediaTimeSeconds: 0,
    presentedFrames: index,
    heightPixels: 720,
    ...changes,
  };
}

/** 25 frames, one every 40 ms, each captured 1.5 s before it is displayed. */
const smooth = Array.from({ length: 25 }, (_, index) => frame(index));
const captureTimeMs = (frameNumber: number): number => frameNumber * FRAME_MS - 1_500;

describe('percentile', () => {
  test.each([
    { values: [], percent: 50, expected: null },
    { values: [7], percent: 95, expected: 7 },
    { values: [10, 9, 2, 1], percent: 50, expected: 2 },
    { values: [10, 9, 2, 1], percent: 51, expected: 9 },
    { values: [10, 9, 2, 1], percent: 100, expected: 10 },
    { values: [3, 1, 2], percent: 0, expected: 1 },
  ])('$percent of $values is $expected', ({ values, percent, expected }) => {
    expect(percentile(values, percent)).toBe(expected);
  });
});

describe('summariseLatency', () => {
  test('smooth playback has a latency and no stall', () => {
    expect(summariseLatency(smooth, captureTimeMs, SPAN)).toEqual({
      latencyP50Ms: 1_500,
      latencyP95Ms: 1_500,
      latencyMaxMs: 1_500,
      stalls: 0,
      stallSeconds: 0,
      readablePercent: 100,
      heightPixels: 720,
    });
  });

  test('frames outside the span do not count', () => {
    const late = frame(25, { frameNumber: 3, displayedAtMs: 5_000, heightPixels: 360 });
    expect(summariseLatency([...smooth, late], captureTimeMs, SPAN)).toMatchObject({
      latencyMaxMs: 1_500,
      heightPixels: 720,
    });
  });

  test('a frame that is unreadable or was never captured counts as unreadable', () => {
    const frames = smooth.map((each) => (each.frameNumber === 5 ? { ...each, frameNumber: null } : each));
    const captured = (frameNumber: number): number | null => (frameNumber === 6 ? null : captureTimeMs(frameNumber));
    expect(summariseLatency(frames, captured, SPAN)).toMatchObject({ readablePercent: 92, latencyP50Ms: 1_500 });
  });

  test.each([
    { where: 'in the middle', frames: [...smooth.slice(0, 5), ...renumbered(smooth.slice(15))], seconds: 0.44 },
    { where: 'at the start', frames: smooth.slice(10), seconds: 0.4 },
    { where: 'up to the end', frames: smooth.slice(0, 15), seconds: 0.4 },
  ])('a frozen picture $where is one stall', ({ frames, seconds }) => {
    const summary = summariseLatency(frames, captureTimeMs, SPAN);
    expect(summary.stalls).toBe(1);
    expect(summary.stallSeconds).toBeCloseTo(seconds);
    expect(longestStallMs(frames, SPAN)).toBeCloseTo(seconds * 1000);
  });

  test('frames that were presented without a callback are not a stall', () => {
    const frames = [...smooth.slice(0, 5), ...smooth.slice(15)];
    expect(summariseLatency(frames, captureTimeMs, SPAN)).toMatchObject({ stalls: 0, stallSeconds: 0 });
    expect(longestStallMs(frames, SPAN)).toBe(0);
  });

  test('no frame at all is one long stall', () => {
    expect(summariseLatency([], captureTimeMs, SPAN)).toEqual({
      latencyP50Ms: null,
      latencyP95Ms: null,
      latencyMaxMs: null,
      stalls: 1,
      stallSeconds: 0.96,
      readablePercent: 0,
      heightPixels: null,
    });
  });
});

/** The browser did not count any frame in the gap before these. */
function renumbered(frames: readonly PresentedFrame[]): PresentedFrame[] {
  return frames.map((each, index) => ({ ...each, presentedFrames: 5 + index }));
}
