import { maxInputKbps } from '#domain/ladders.ts';

test.each([
  ['360p', 1_456],
  ['720p', 5_256],
  ['1080p', 10_256],
  ['1440p', 12_384],
  ['2160p', 24_384],
] as const)('a publisher may send twice the best bitrates of %s: %i kbit/s', (ladder, kbps) => {
  expect(maxInputKbps(ladder)).toBe(kbps);
});
