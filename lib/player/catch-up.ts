/** What the playback rate is decided from, all in seconds. */
export interface CatchUpInput {
  readonly latencySeconds: number;
  readonly targetSeconds: number;
  readonly bufferedAheadSeconds: number;
}

/**
 * Faster rates, fastest first, and how far beyond the target latency each begins and stops. Beginning well above where it
 * stops keeps the rate from hunting; two fixed rates rather than a curve, since every change of rate can be heard.
 */
const GEARS = [
  { rate: 1.1, beginSeconds: 0.6, stopSeconds: 0.3 },
  { rate: 1.04, beginSeconds: 0.15, stopSeconds: 0.03 },
] as const;

/**
 * Shares of the target latency that must be buffered to begin and to go on catching up. With parts of a third of the
 * hold-back, a healthy buffer swings between two thirds of the target and all of it; less means the network is late.
 */
const BEGIN_BUFFER_SHARE = 0.6;
const STOP_BUFFER_SHARE = 0.4;

/**
 * The rate that brings playback back to its target latency: 1, 1.04 or 1.1. Pure; `currentRate` is the hysteresis. hls.js's
 * own catch-up wants more than a second of buffer, which a hold-back of 0.64 s never has.
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
