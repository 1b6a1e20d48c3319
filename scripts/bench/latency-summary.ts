import type { SeenFrame } from '#kit/frame-counter.ts';

/** What a viewer saw during a span of time. */
export interface LatencySummary {
  /** Glass to glass. Null if no frame was readable. */
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly latencyMaxMs: number | null;
  readonly stalls: number;
  readonly stallSeconds: number;
  /** Percentage of the presented frames whose counter was readable. */
  readonly readablePercent: number;
  /** Height of the last picture, which identifies the rendition. */
  readonly heightPixels: number | null;
}

/** Viewers notice a frozen picture from about this length. A late frame or two is not a stall. */
const STALL_MS = 250;

/**
 * Summarises the frames displayed from `fromMs` to `untilMs`, both in milliseconds since 1970. `captureTimeMs` returns
 * when a frame of the clip was last captured before a given time, or null if it never was.
 */
export function summariseLatency(
  frames: readonly SeenFrame[],
  captureTimeMs: (frameNumber: number, atWallMs: number) => number | null,
  span: { readonly fromMs: number; readonly untilMs: number },
): LatencySummary {
  const inSpan = frames.filter(({ displayedAtMs }) => displayedAtMs >= span.fromMs && displayedAtMs <= span.untilMs);
  const latenciesMs = inSpan.flatMap(({ frameNumber, displayedAtMs }) => {
    const capturedAtMs = frameNumber === null ? null : captureTimeMs(frameNumber, displayedAtMs);
    return capturedAtMs === null ? [] : [displayedAtMs - capturedAtMs];
  });
  const stallsMs = findStallsMs(inSpan, span);
  return {
    latencyP50Ms: percentile(latenciesMs, 50),
    latencyP95Ms: percentile(latenciesMs, 95),
    latencyMaxMs: percentile(latenciesMs, 100),
    stalls: stallsMs.length,
    stallSeconds: stallsMs.reduce((sum, stallMs) => sum + stallMs, 0) / 1000,
    readablePercent: inSpan.length === 0 ? 0 : (100 * latenciesMs.length) / inSpan.length,
    heightPixels: inSpan.at(-1)?.heightPixels ?? null,
  };
}

/** The longest time without a new picture, in milliseconds. 0 if there was no stall. */
export function longestStallMs(
  frames: readonly SeenFrame[],
  span: { readonly fromMs: number; readonly untilMs: number },
): number {
  const inSpan = frames.filter(({ displayedAtMs }) => displayedAtMs >= span.fromMs && displayedAtMs <= span.untilMs);
  return Math.max(0, ...findStallsMs(inSpan, span));
}

/**
 * The percentile by nearest rank: the smallest value that at least `percent` % of all do not exceed. Null for no
 * values.
 */
export function percentile(values: readonly number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null;
}

/**
 * Lengths of the times without a new picture. If its main thread is busy, the browser presents frames without a
 * callback. `presentedFrames` counts these too, so that a slow measurement is not mistaken for a stall.
 */
function findStallsMs(
  frames: readonly SeenFrame[],
  span: { readonly fromMs: number; readonly untilMs: number },
): readonly number[] {
  const start = { displayedAtMs: span.fromMs, presentedFrames: (frames[0]?.presentedFrames ?? 0) - 1 };
  const end = { displayedAtMs: span.untilMs, presentedFrames: (frames.at(-1)?.presentedFrames ?? 0) + 1 };
  const moments = [start, ...frames, end];
  return moments.slice(1).flatMap((moment, index) => {
    const previous = moments[index] ?? start;
    const gapMs = moment.displayedAtMs - previous.displayedAtMs;
    const pictures = Math.max(1, moment.presentedFrames - previous.presentedFrames);
    return gapMs / pictures > STALL_MS ? [gapMs] : [];
  });
}
