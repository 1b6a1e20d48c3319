import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { parseNewStreamDefaults, parseStreamDefaults } from '#runtime/stream-defaults.ts';

test.each(LADDER_NAMES.flatMap((ladder) => LATENCY_NAMES.map((latency) => ({ ladder, latency }))))(
  '$ladder with $latency is taken',
  ({ ladder, latency }) => {
    expect(parseStreamDefaults({ DEFAULT_LADDER: ladder, DEFAULT_LATENCY: latency })).toEqual({ ladder, latency });
  },
);

test.each([
  [{ DEFAULT_LADDER: '4k', DEFAULT_LATENCY: 'low' }, /^DEFAULT_LADDER must be one of 2160p, .*360p, not "4k"$/],
  [
    { DEFAULT_LADDER: '720p', DEFAULT_LATENCY: 'toString' },
    /^DEFAULT_LATENCY must be one of ultra, low, standard, not "toString"$/,
  ],
])('%j is refused', (variables, message) => {
  expect(() => parseStreamDefaults(variables)).toThrow(message);
});

test.each(['public', 'token'] as const)('playback %s is taken, and no other', (playback) => {
  const variables = { DEFAULT_LADDER: '720p', DEFAULT_LATENCY: 'low' };
  expect(parseNewStreamDefaults({ ...variables, DEFAULT_PLAYBACK: playback })).toMatchObject({ playback });
  expect(() => parseNewStreamDefaults({ ...variables, DEFAULT_PLAYBACK: 'private' })).toThrow(
    'DEFAULT_PLAYBACK must be one of public, token, not "private"',
  );
});
