import { SegmentBitrates } from '#encoder/package/segment-bitrates.ts';

/** Bitrates of segments with these bytes and seconds. Null is a gap. */
function bitratesOf(...segments: readonly (readonly [bytes: number, seconds: number] | null)[]): SegmentBitrates {
  const bitrates = new SegmentBitrates(2);
  for (const segment of segments) {
    if (segment === null) bitrates.addGap();
    else bitrates.add(...segment);
  }
  return bitrates;
}

test('the average covers all media so far', () => {
  const bitrates = bitratesOf([1000, 2], [3000, 2], null, [500, 0.5]);
  expect(bitrates.measuredSeconds).toBe(4.5);
  expect(bitrates.averageBitsPerSecond).toBe(8000);
  expect(bitratesOf().averageBitsPerSecond).toBe(0);
});

test.each([
  [
    'the largest segment',
    [
      [1000, 2],
      [3000, 2],
      [2000, 2],
    ],
    12_000,
  ],
  ['no segment below half the target duration', [[3000, 0.9]], 0],
  ['half the target duration', [[3000, 1]], 24_000],
  [
    'short contiguous segments together',
    [
      [1000, 0.6],
      [1000, 0.4],
    ],
    16_000,
  ],
  [
    'a short segment together with a long one',
    [
      [3000, 0.9],
      [1000, 2],
    ],
    11_035,
  ],
  [
    'no segments that together exceed one and a half target durations',
    [
      [3000, 0.9],
      [1000, 2.2],
    ],
    3637,
  ],
  ['no segments across a gap', [[1000, 0.6], null, [1000, 0.4]], 0],
] as const)('the peak is of %s', (_name, segments, expected) => {
  expect(Math.ceil(bitratesOf(...segments).peakBitsPerSecond)).toBe(expected);
});

test('a peak never decreases', () => {
  expect(bitratesOf([9000, 2], [1, 2], [1, 2]).peakBitsPerSecond).toBe(36_000);
});
