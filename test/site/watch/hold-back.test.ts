import type { LevelDetails } from 'hls.js';
import { targetWithoutParts } from '#site/watch/hold-back.ts';

test.each([
  ['without parts, less than the playlist says', { live: true, holdBack: 12, partTarget: 0 }, 7.2],
  ['with parts, what the playlist says', { live: true, holdBack: 6, partTarget: 0.5 }, null],
  ['without a hold-back, what hls.js says', { live: true, holdBack: 0, partTarget: 0 }, null],
  ['after the end, none', { live: false, holdBack: 12, partTarget: 0 }, null],
])('%s', (_name, details, expected) => {
  const target = targetWithoutParts(details as LevelDetails);
  expect(target === null ? null : Math.round(target * 1_000) / 1_000).toBe(expected);
});
