import { INITIAL_STATUS, nextStatus, type StreamEvent, type StreamState } from '#site/watch/stream-state.ts';

const UNKNOWN = { status: 'unknown' } as const;
const IDLE = { status: 'idle' } as const;
const LIVE = { status: 'live' } as const;
const LOST = { status: 'live', reason: 'publisher-lost' } as const;
const STOPPED = { status: 'live', reason: 'publisher-stopped' } as const;
const ENDED = { status: 'ended', reason: 'publisher-stopped' } as const;

const after = (...events: StreamEvent[]): StreamState => events.reduce(nextStatus, INITIAL_STATUS).state;

test.each<[string, StreamEvent[], StreamState]>([
  ['nothing is known yet', [], 'loading'],
  ['the stream has yet to begin', [IDLE], 'starting-soon'],
  ['it begins', [IDLE, LIVE], 'loading'],
  ['it plays', [LIVE, 'moving'], 'playing'],
  ['there is no such stream', [UNKNOWN], 'unknown'],
  ['there is by now', [UNKNOWN, IDLE], 'starting-soon'],
  ['playback takes long to begin', [LIVE, 'starved'], 'loading'],
  ['the browser asks for a tap', [LIVE, 'blocked'], 'blocked'],
  ['the tap', [LIVE, 'blocked', 'moving'], 'playing'],
  ['the picture is still to come after it', [LIVE, 'blocked', 'resumed'], 'loading'],
  ['it comes to nothing', [LIVE, 'blocked', 'resumed', 'failed'], 'loading'],
  ['the stream ends before the tap', [LIVE, 'blocked', ENDED], 'ended'],

  ['the picture stands for a moment', [LIVE, 'moving', 'still'], 'buffering'],
  ['it moves again', [LIVE, 'moving', 'still', 'moving'], 'playing'],
  ['it stands for seconds', [LIVE, 'moving', 'still', 'starved'], 'reconnecting'],
  ['it moves again after seconds', [LIVE, 'moving', 'still', 'starved', 'moving'], 'playing'],
  ['playback fails', [LIVE, 'moving', 'failed'], 'reconnecting'],
  ['the stream is live all the same', [LIVE, 'moving', 'failed', LIVE], 'reconnecting'],
  ['playback starts again for another track', [LIVE, 'moving', 'outdated', LIVE], 'buffering'],

  ['the viewer is offline, but has buffered', [LIVE, 'moving', 'offline'], 'playing'],
  ['the buffer is used up', [LIVE, 'moving', 'offline', 'still'], 'offline'],
  ['the viewer is online again', [LIVE, 'moving', 'offline', 'still', 'starved', 'online'], 'reconnecting'],
  ['the viewer opens the page offline', ['offline', 'unreachable'], 'offline'],
  ['the server does not answer', ['unreachable'], 'unreachable'],
  ['it answers again', ['unreachable', IDLE], 'starting-soon'],
  ['it does not answer while the picture moves', [LIVE, 'moving', 'unreachable'], 'playing'],
  ['nor after that', [LIVE, 'moving', 'failed', 'unreachable'], 'unreachable'],
  ['nor after a known end', [LIVE, 'moving', ENDED, 'ended', 'unreachable'], 'ended'],

  ['the publisher is lost, over a slate', [LIVE, 'moving', LOST, 'moving'], 'publisher-lost'],
  ['the publisher is lost, over its last picture', [LIVE, 'moving', 'still', 'starved', LOST], 'publisher-lost'],
  ['the publisher stopped', [LIVE, 'moving', STOPPED], 'publisher-stopped'],
  ['it is back', [LIVE, 'moving', STOPPED, 'moving', LIVE], 'playing'],
  ['it is back, but the picture is not', [LIVE, 'moving', STOPPED, 'still', 'starved', LIVE], 'reconnecting'],
  ['the viewer comes while nobody publishes', [LOST], 'publisher-lost'],

  [
    'it ends there, but the last of its slate still plays',
    [LIVE, 'moving', STOPPED, ENDED, 'moving'],
    'publisher-stopped',
  ],
  ['which ends', [LIVE, 'moving', LOST, 'moving', ENDED, 'moving', 'ended'], 'ended'],
  ['it comes back after that', [LIVE, 'moving', STOPPED, ENDED, 'ended', LIVE, 'moving'], 'playing'],
  ['the stream ends, but its last seconds still play', [LIVE, 'moving', ENDED], 'playing'],
  ['they stutter', [LIVE, 'moving', ENDED, 'still'], 'buffering'],
  ['they end', [LIVE, 'moving', ENDED, 'still', 'ended'], 'ended'],
  ['the media ends first', [LIVE, 'moving', 'ended'], 'buffering'],
  ['and then the stream', [LIVE, 'moving', 'ended', ENDED], 'ended'],
  ['a cache still has the stream live', [LIVE, 'moving', 'ended', LIVE, 'ended'], 'buffering'],
  ['another presentation follows', [LIVE, 'moving', 'ended', LIVE, 'moving'], 'playing'],
  ['the page opens after the end', [ENDED], 'ended'],
  ['the server forgets what has ended', [ENDED, IDLE], 'ended'],
  ['the stream is gone when the page is back', [LIVE, 'moving', 'failed', IDLE], 'ended'],
  ['its end was not heard of, and its last seconds stutter', [LIVE, 'moving', 'still', IDLE], 'buffering'],
  ['the viewer has paused', [LIVE, 'moving', 'paused'], 'playing'],
  ['the stream ends in the pause', [LIVE, 'moving', 'paused', ENDED], 'ended'],
  ['it is forgotten in the pause', [LIVE, 'moving', 'still', 'paused', IDLE], 'ended'],
  ['it is deleted in the pause', [LIVE, 'moving', 'paused', UNKNOWN], 'unknown'],
  ['the viewer still watches its last seconds', [LIVE, 'moving', 'paused', ENDED, 'resumed'], 'playing'],
  ['and its end', [LIVE, 'moving', 'paused', ENDED, 'resumed', 'paused', 'ended'], 'ended'],
  ['the next broadcast begins in the pause', [LIVE, 'moving', 'paused', ENDED, LIVE], 'playing'],
  ['the next broadcast begins', [LIVE, 'moving', ENDED, 'ended', LIVE], 'loading'],

  ['the link has expired', ['refused'], 'expired'],
  ['it expires during playback', [LIVE, 'moving', 'failed', 'refused'], 'expired'],
  ['the browser can not play it', ['cannot-play'], 'unsupported'],
])('%s', (_name, events, expected) => {
  expect(after(...events)).toBe(expected);
});

test('the next broadcast has its own picture', () => {
  const status = [LIVE, 'moving' as const, ENDED, 'ended' as const].reduce(nextStatus, INITIAL_STATUS);
  expect(status.picture).toBe('none');
});

test('an event that changes nothing returns the same status', () => {
  const playing = nextStatus(INITIAL_STATUS, 'moving');
  expect(nextStatus(playing, 'moving')).toBe(playing);
});
