import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import { formatClock, formatDuration, textOf } from '#site/watch/state-text.ts';
import { INITIAL_STATUS, nextStatus } from '#site/watch/stream-state.ts';

const detailOf = (body: PlaybackStatusBody): string => textOf(nextStatus(INITIAL_STATUS, body)).detail;

test('says how long a broadcast lasted, where that is known', () => {
  const times = { startedAt: '2026-03-01T18:00:00Z', endedAt: '2026-03-01T19:02:40Z' };
  expect(detailOf({ status: 'ended', ...times })).toMatch(/^It lasted 1 h 2 min\. /);
  expect(detailOf({ status: 'ended', startedAt: times.startedAt })).not.toContain('lasted');
  expect(detailOf({ status: 'ended', startedAt: times.endedAt, endedAt: times.startedAt })).not.toContain('lasted');
  expect(detailOf({ status: 'idle', ...times })).not.toContain('lasted');
});

test('waits for nobody once the stream has ended', () => {
  const stopped = { status: 'live', reason: 'publisher-stopped' } as const;
  const playing = [stopped, 'moving' as const].reduce(nextStatus, INITIAL_STATUS);
  expect(textOf(playing).detail).toContain('Waiting');
  expect(textOf(nextStatus(playing, { status: 'ended', reason: 'publisher-stopped' })).detail).toBe('');
});

test('a picture that stands for a moment is not read out', () => {
  const playing = { ...INITIAL_STATUS, state: 'playing' } as const;
  const { title, detail } = textOf({ ...playing, state: 'buffering' });
  expect({ title, detail }).toEqual({ title: textOf(playing).title, detail: textOf(playing).detail });
});

test.each([
  [0, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3600, '1 h'],
  [3720, '1 h 2 min'],
])('%d s last %s', (seconds, expected) => {
  expect(formatDuration(seconds)).toBe(expected);
});

test.each([
  [8.9, '0:08'],
  [63, '1:03'],
  [3723, '1:02:03'],
])('%d s are %s behind', (seconds, expected) => {
  expect(formatClock(seconds)).toBe(expected);
});
