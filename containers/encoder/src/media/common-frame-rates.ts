import { type FrameRate, framesPerSecond } from './media-run.ts';

/** The rates that broadcast equipment and cameras produce. Metadata rounds them (29.97, 29.970, 30). */
export const COMMON_FRAME_RATES = [
  { numerator: 10, denominator: 1 },
  { numerator: 12, denominator: 1 },
  { numerator: 15, denominator: 1 },
  { numerator: 20, denominator: 1 },
  { numerator: 24_000, denominator: 1001 },
  { numerator: 24, denominator: 1 },
  { numerator: 25, denominator: 1 },
  { numerator: 30_000, denominator: 1001 },
  { numerator: 30, denominator: 1 },
  { numerator: 48, denominator: 1 },
  { numerator: 50, denominator: 1 },
  { numerator: 60_000, denominator: 1001 },
  { numerator: 60, denominator: 1 },
] as const satisfies readonly FrameRate[];

const COMMON: readonly number[] = COMMON_FRAME_RATES.map(framesPerSecond);
/** 24 and 25 are 4 % apart. */
const MEASURED_TOLERANCE = 0.02;
const DECLARED_TOLERANCE = 0.003;

/** Whether a declared rate is one that a source is likely to have, rather than a measurement that went wrong. */
export function isCommonFrameRate(rate: number): boolean {
  return COMMON.some((common) => Math.abs(rate / common - 1) <= DECLARED_TOLERANCE);
}

/**
 * The likely rate of a source whose frames were measured, in frames per second: the nearest common one, else the rounded one.
 * `error` is the measurement's standard error, as a share. If that leaves 30 and 29.97 open, 30 is taken.
 */
export function likelyFrameRate(measured: number, error: number): number {
  const distance = (rate: number): number => Math.abs(rate / measured - 1);
  const nearest = COMMON.reduce((best, rate) => (distance(rate) < distance(best) ? rate : best));
  if (distance(nearest) > MEASURED_TOLERANCE) return Math.max(1, Math.round(measured));
  const whole = Math.round(nearest);
  return distance(whole) - distance(nearest) <= 4 * error ? whole : nearest;
}
