import { earlyStart, type StartSample } from '#site/watch/early-start.ts';

const READY: StartSample = {
  ...{ wantedSeconds: 10, bufferStartSeconds: 9, bufferEndSeconds: 11 },
  ...{ targetLatencySeconds: 1.5, partSeconds: 0.5 },
};

test.each([
  ['where hls.js wants to', {}, 10],
  ['where the buffer begins, if that is a little later', { bufferStartSeconds: 10.4, bufferEndSeconds: 11.5 }, 10.4],
  ['not before enough is buffered', { bufferEndSeconds: 10.8 }, null],
  ['not behind a gap', { bufferStartSeconds: 12, bufferEndSeconds: 15 }, null],
  ['not before there is a playlist', { targetLatencySeconds: null }, null],
  ['not before hls.js knows where', { wantedSeconds: -1 }, null],
])('playback starts %s', (_what, changes, position) => {
  expect(earlyStart({ ...READY, ...changes })).toBe(position);
});
