import { clockText, createFormats } from '#site/ui/formats.ts';

const NOW_MS = Date.parse('2030-01-02T03:04:05.000Z');
const english = createFormats('en');

test.each([
  [0, '0:00'],
  [63.9, '1:03'],
  [3_723, '1:02:03'],
  [-1, '0:00'],
])('%s seconds are %s on a clock', (seconds, clock) => {
  expect(clockText(seconds)).toBe(clock);
});

test.each([
  [0, 'now'],
  [-59, '59 seconds ago'],
  [-60, '1 minute ago'],
  [-7_199, '1 hour ago'],
  [86_400, 'tomorrow'],
  [172_800, 'in 2 days'],
])('%s seconds from now is %s', (seconds, words) => {
  expect(english.relative(NOW_MS + seconds * 1_000, NOW_MS)).toBe(words);
});

test('bitrates have the unit that reads best, and the decimal sign of the language', () => {
  expect([999, 1_000, 4_250].map((kbps) => english.bitrate(kbps))).toEqual(['999 kbit/s', '1.0 Mbit/s', '4.3 Mbit/s']);
  expect(createFormats('de').bitrate(4_200)).toBe('4,2 Mbit/s');
});
