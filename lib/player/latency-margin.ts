/** Latency added to the playlist's hold-back because the viewer's network needs it. */
export interface LatencyMargin {
  readonly seconds: number;
  /** `performance.now()` of the last stall or step down. */
  readonly changedAtMs: number;
}

export const NO_MARGIN: LatencyMargin = { seconds: 0, changedAtMs: 0 };

/** One stall costs a quarter of the hold-back, all stalls together no more than the hold-back once again. */
const STALL_SHARE = 0.25;
/** Smooth playback for this long takes one step back, so that a single bad moment is forgotten within a minute. */
const SMOOTH_MS = 5000;
const STEP_DOWN_SECONDS = 0.05;

/** The margin after playback ran out of media. `holdBackSeconds` is the playlist's. */
export function marginAfterStall(margin: LatencyMargin, holdBackSeconds: number, nowMs: number): LatencyMargin {
  const seconds = Math.min(margin.seconds + holdBackSeconds * STALL_SHARE, holdBackSeconds);
  return { seconds, changedAtMs: nowMs };
}

/** The margin while playback is smooth: comes down slowly. The same object comes back where nothing changes. */
export function relaxedMargin(margin: LatencyMargin, nowMs: number): LatencyMargin {
  if (margin.seconds === 0 || nowMs - margin.changedAtMs < SMOOTH_MS) return margin;
  return { seconds: Math.max(0, margin.seconds - STEP_DOWN_SECONDS), changedAtMs: nowMs };
}
