import { type BadgeInput, liveBadge } from '#site/watch/live-badge.ts';

const AT_LIVE: BadgeInput = { state: 'playing', isPaused: false, delaySeconds: 1.64, behindSeconds: 0.1 };

test('at live', () => {
  expect(liveBadge(AT_LIVE)).toEqual({ isLive: true, text: 'LIVE', chip: null, delay: '1.6 s' });
});

test('behind after a pause', () => {
  const behind = { ...AT_LIVE, delaySeconds: 63.4, behindSeconds: 61.8 };
  const text = '1:03 behind – Go live';
  expect(liveBadge(behind)).toEqual({ isLive: false, text, chip: 'Behind live', delay: '' });
  expect(liveBadge({ ...behind, isPaused: true })).toMatchObject({ isLive: false, text, chip: 'Paused' });
});

test('a little behind, the delay says enough', () => {
  expect(liveBadge({ ...AT_LIVE, delaySeconds: 3.6, behindSeconds: 2 })).toMatchObject({
    ...{ isLive: false, text: 'LIVE', delay: '3.6 s' },
  });
});

test('while nothing moves, the delay goes on but there is no live to go to', () => {
  const gone = { ...AT_LIVE, delaySeconds: 75, behindSeconds: 73 };
  for (const state of ['buffering', 'reconnecting', 'publisher-lost', 'offline'] as const) {
    expect(liveBadge({ ...gone, state })).toEqual({ isLive: false, text: 'LIVE', chip: null, delay: '1:15' });
  }
});

test('nothing is said about what is not known', () => {
  expect(liveBadge({ ...AT_LIVE, delaySeconds: null, behindSeconds: null })).toMatchObject({ isLive: true, delay: '' });
});
