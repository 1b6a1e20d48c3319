import { lostFrames } from '#encoder/transcode/lost-frames.ts';

test.each([
  ['no frames', [], 0],
  ['one frame', [0], 0],
  ['a steady rate', [0, 40, 80, 120], 0],
  ['60 frames a second in whole milliseconds', [0, 16, 33, 50, 66, 83, 100], 0],
  ['one missing', [0, 40, 120, 160], 1],
  ['jitter below half a frame', [0, 40, 95, 120, 160], 0],
  ['three missing', [0, 40, 80, 240, 280], 3],
  ['all at one time', [5, 5, 5], 0],
])('%s', (_name, timesMs, lost) => {
  expect(lostFrames(Float64Array.from(timesMs))).toBe(lost);
});
