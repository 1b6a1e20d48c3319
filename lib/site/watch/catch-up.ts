/** The state that decides the playback rate. All values are in seconds. */
export interface CatchUpInput {
  readonly latencySeconds: number;
  readonly targetSeconds: number;
  readonly bufferedAheadSeconds: number;
}

/**
 * The faster rates, fastest first, with the excess over the target latency at which each begins and stops. The gap
 * between the two thresholds keeps the rate from hunting. There are two fixed rates instead of a curve because every
 * change of rate is audible. Who begins a third of a second behind has made up for it after five seconds, at 1.04 alone after eight.
 */
const GEARS = [
  { rate: 1.1, beginSeconds: 0.25, stopSeconds: 0.1 },
  { rate: 1.04, beginSeconds: 0.08, stopSeconds: 0 },
] as const;

/**
 * The shares of the target latency that must be buffered to begin catching up and to continue. When a part is a third
 * of the hold-back, a healthy buffer varies between two thirds of the target and all of it. Less means that the network
 * is late.
 */
const BEGIN_BUFFER_SHARE = 0.6;
const STOP_BUFFER_SHARE = 0.4;

/**
 * Returns the rate that brings playback back to its target latency: 1, 1.04 or 1.1. Pure: `currentRate` provides the
 * hysteresis. The catch-up of hls.js requires more than a second of buffer, which a hold-back of 0.64 s never provides.
 */
export function catchUpRate(currentRate: number, input: CatchUpInput): number {
  const { latencySeconds, targetSeconds, bufferedAheadSeconds } = input;
  const neededShare = currentRate > 1 ? STOP_BUFFER_SHARE : BEGIN_BUFFER_SHARE;
  if (bufferedAheadSeconds < targetSeconds * neededShare) return 1;
  const excessSeconds = latencySeconds - targetSeconds;
  const gear = GEARS.find(({ rate, beginSeconds, stopSeconds }) =>
    currentRate >= rate ? excessSeconds > stopSeconds : excessSeconds > beginSeconds,
  );
  return gear?.rate ?? 1;
}
