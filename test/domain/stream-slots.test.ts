import { MAX_STREAM_SLOTS, parseStreamSlots } from '#domain/stream-slots.ts';

test.each([
  ['1', 1],
  ['8', 8],
  [String(MAX_STREAM_SLOTS), MAX_STREAM_SLOTS],
])('%s', (text, slots) => {
  expect(parseStreamSlots(text)).toBe(slots);
});

test.each(['0', '-1', '101', '1000', '2.5', '1e1', '0x8', '08', ' 8', 'eight', ''])('"%s" is refused', (text) => {
  expect(() => parseStreamSlots(text)).toThrow(`STREAM_SLOTS must be a whole number from 1 to 100, not "${text}"`);
});
