import { COMMON_FRAME_RATES } from '#encoder/media/common-frame-rates.ts';
import { type FrameRate, framesPerSecond } from '#encoder/media/media-run.ts';

const MAX_FRAMES_PER_SECOND = 60;
const UNKNOWN_FRAME_RATE: FrameRate = { numerator: 30, denominator: 1 };
/** Largest relative error of a declared standard rate. The nearest rate wins: 29.97 and 30 are 0.1 % apart. */
const SNAP_TOLERANCE = 0.003;

/**
 * The exact output rate for a source's frame rate. Snaps to the nearest standard rate; at most 60, and 30 if unknown.
 */
export function snapFrameRate(sourceFramesPerSecond: number | null): FrameRate {
  if (sourceFramesPerSecond === null || !Number.isFinite(sourceFramesPerSecond) || sourceFramesPerSecond < 1) {
    return UNKNOWN_FRAME_RATE;
  }
  const wanted = Math.min(sourceFramesPerSecond, MAX_FRAMES_PER_SECOND);
  const distance = (rate: FrameRate): number => Math.abs(framesPerSecond(rate) / wanted - 1);
  const nearest = COMMON_FRAME_RATES.reduce((best, rate) => (distance(rate) < distance(best) ? rate : best));
  return distance(nearest) <= SNAP_TOLERANCE ? nearest : toRational(wanted);
}

/**
 * Ticks per second such that every frame lasts a whole number of ticks. 90 kHz, unless it does not fit (23.976, 59.94).
 */
export function videoTimescale(rate: FrameRate): number {
  if ((90_000 * rate.denominator) % rate.numerator === 0) return 90_000;
  return rate.numerator * Math.ceil(10_000 / rate.numerator);
}

function toRational(value: number): FrameRate {
  const thousandths = Math.round(value * 1000);
  const divisor = greatestCommonDivisor(thousandths, 1000);
  return { numerator: thousandths / divisor, denominator: 1000 / divisor };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
