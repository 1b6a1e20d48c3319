import { remedyForFatalError } from '#site/watch/hls-playback.ts';

test.each([
  ['networkError', Number.POSITIVE_INFINITY, 'restart-loading'],
  ['mediaError', Number.POSITIVE_INFINITY, 'recover-media'],
  ['mediaError', 5000, 'recover-media'],
  ['networkError', 4999, 'give-up'],
  ['mediaError', 4999, 'give-up'],
  ['muxError', Number.POSITIVE_INFINITY, 'give-up'],
  ['otherError', Number.POSITIVE_INFINITY, 'give-up'],
])('a fatal %s %d ms after the last error: %s', (type, sinceLastMs, expected) => {
  expect(remedyForFatalError(type, sinceLastMs)).toBe(expected);
});
