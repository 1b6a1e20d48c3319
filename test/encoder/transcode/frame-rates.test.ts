import { framesPerSecond } from '#encoder/media/media-run.ts';
import { snapFrameRate, videoTimescale } from '#encoder/transcode/frame-rates.ts';

test.each([
  [23.976, 24_000, 1001],
  [23.98, 24_000, 1001],
  [24, 24, 1],
  [25, 25, 1],
  [24.999, 25, 1],
  [29.97, 30_000, 1001],
  [29.970_03, 30_000, 1001],
  [30, 30, 1],
  [29.999, 30, 1],
  [50, 50, 1],
  [59.94, 60_000, 1001],
  [60, 60, 1],
])('%d becomes a standard rate', (source, numerator, denominator) => {
  expect(snapFrameRate(source)).toEqual({ numerator, denominator });
});

test.each([
  [15, 15, 1],
  [12.5, 25, 2],
  [48, 48, 1],
  [7.125, 57, 8],
])('%d stays the same', (source, numerator, denominator) => {
  expect(snapFrameRate(source)).toEqual({ numerator, denominator });
});

test.each([60.01, 75, 120, 144, 1000])('%d is capped at 60', (source) => {
  expect(snapFrameRate(source)).toEqual({ numerator: 60, denominator: 1 });
});

test.each([null, 0, -25, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('%p counts as 30', (source) => {
  expect(snapFrameRate(source)).toEqual({ numerator: 30, denominator: 1 });
});

test.each([1, 7.125, 12.5, 15, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60])(
  'at %d frames a second, a frame lasts a whole number of ticks',
  (source) => {
    const rate = snapFrameRate(source);
    const timescale = videoTimescale(rate);
    expect(Number.isInteger((timescale * rate.denominator) / rate.numerator)).toBe(true);
    expect(timescale).toBeGreaterThanOrEqual(10_000);
    expect(timescale).toBeLessThanOrEqual(90_000);
    expect(framesPerSecond(rate)).toBeCloseTo(source, 2);
  },
);
