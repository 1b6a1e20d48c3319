/** Extra latency on top of the playlist's hold-back, for viewers whose network needs it. */
export interface LatencyMargin {
  readonly seconds: number;
  /** `performance.now()` of the last stall or step down. */
  readonly changedAtMs: number;
}

export const NO_MARGIN: LatencyMargin = { seconds: 0, changedAtMs: 0 };

/** Each stall adds this share of the hold-back. All stalls together add at most one hold-back. */
const STALL_SHARE = 0.25;
/** After this much smooth playback the margin shrinks by one step, so a single stall is forgotten within a minute. */
const SMOOTH_MS = 5000;
const STEP_DOWN_SECONDS = 0.05;

/** Returns the margin after playback ran out of media. `holdBackSeconds` is the playlist's hold-back. */
export function marginAfterStall(margin: LatencyMargin, holdBackSeconds: number, nowMs: number): LatencyMargin {
  const seconds = Math.min(margin.seconds + holdBackSeconds * STALL_SHARE, holdBackSeconds);
  return { seconds, changedAtMs: nowMs };
}

/** Returns the margin during smooth playback, which shrinks slowly. Returns the same object if nothing changes. */
export function relaxedMargin(margin: LatencyMargin, nowMs: number): LatencyMargin {
  if (margin.seconds === 0 || nowMs - margin.changedAtMs < SMOOTH_MS) return margin;
  return { seconds: Math.max(0, margin.seconds - STEP_DOWN_SECONDS), changedAtMs: nowMs };
}
