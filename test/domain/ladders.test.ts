import { maxInputKbps } from '#domain/ladders.ts';

test.each([
  ['360p', 1_456],
  ['720p', 5_256],
  ['1080p', 10_256],
  ['1440p', 12_384],
  ['2160p', 24_384],
] as const)('to %s may be sent twice what it makes at best, %i kbit/s', (ladder, kbps) => {
  expect(maxInputKbps(ladder)).toBe(kbps);
});
