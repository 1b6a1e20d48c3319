import { parseExpiry } from '#scripts/stream/parse-expiry.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');

test.each([
  ['90m', '2025-01-02T04:34:05.678Z'],
  ['12h', '2025-01-02T15:04:05.678Z'],
  ['30d', '2025-02-01T03:04:05.678Z'],
  ['2w', '2025-01-16T03:04:05.678Z'],
  ['2030-01-31T18:00:00+01:00', '2030-01-31T18:00:00+01:00'],
])('%s', (text, moment) => {
  expect(parseExpiry(text, NOW_MS)).toBe(moment);
});

test.each(['', '0d', '30', '1y', '-1d', '1.5h', '100000d', 'tomorrow', '2030-01-31'])('%j is neither', (text) => {
  expect(() => parseExpiry(text, NOW_MS)).toThrow('--expires must be a duration such as 12h or 30d, or a moment');
});
