import { INITIAL_STATUS, nextStatus, STATE_TEXT, type StreamEvent, type StreamState } from '#player/stream-state.ts';

const after = (...events: StreamEvent[]): StreamState => events.reduce(nextStatus, INITIAL_STATUS).state;

test.each<[StreamEvent[], StreamState]>([
  [[], 'loading'],
  [['absent'], 'starting-soon'],
  [['absent', 'live'], 'loading'],
  [['live', 'moving'], 'playing'],
  [['live', 'starved'], 'loading'],
  [['live', 'moving', 'starved'], 'reconnecting'],
  [['live', 'moving', 'starved', 'moving'], 'playing'],
  [['live', 'moving', 'failed'], 'reconnecting'],
  [['live', 'moving', 'failed', 'live'], 'reconnecting'],
  [['live', 'moving', 'failed', 'unreachable', 'live', 'moving'], 'playing'],
  [['live', 'moving', 'failed', 'absent'], 'ended'],
  [['live', 'moving', 'ended'], 'playing'],
  [['live', 'moving', 'ended', 'over'], 'ended'],
  [['live', 'moving', 'ended', 'over', 'absent', 'unreachable'], 'ended'],
  [['live', 'moving', 'ended', 'live'], 'playing'],
  [['live', 'moving', 'ended', 'over', 'live'], 'loading'],
  [['over'], 'ended'],
  [['unreachable'], 'reconnecting'],
  [['unreachable', 'absent'], 'starting-soon'],
  [['refused'], 'expired'],
  [['live', 'moving', 'failed', 'refused'], 'expired'],
  [['cannot-play'], 'unsupported'],
])('%j leads to %s', (events, expected) => {
  expect(after(...events)).toBe(expected);
});

test('an event that changes nothing returns the same status', () => {
  const playing = nextStatus(INITIAL_STATUS, 'moving');
  expect(nextStatus(playing, 'moving')).toBe(playing);
});

test.each(Object.entries(STATE_TEXT))('%s has a headline', (_state, { title }) => {
  expect(title).not.toBe('');
});
