import type { EventBody } from '#domain/events.ts';
import { Broadcast } from '#encoder/streams/broadcast.ts';

const STREAM = { streamId: 'stream-1', playbackId: 'playback-1' };

const START_MS = 1_800_000_000_000;

function startBroadcast(liveSinceMs: number | null = null) {
  const events: EventBody[] = [];
  const clock = { nowMs: START_MS };
  const broadcast = new Broadcast({
    ...{ ...STREAM, liveSinceMs },
    emit: (event) => events.push(event),
    now: () => clock.nowMs,
  });
  return { broadcast, events, clock };
}

test('a broadcast emits that it is live, restarted and ended, each with the ids of its stream', () => {
  const { broadcast, events, clock } = startBroadcast();
  broadcast.onPublisher();
  broadcast.onPlayable();
  broadcast.onPlayable();
  clock.nowMs += 12_340;
  broadcast.onRestart('died');
  broadcast.onQualityStep({ direction: 'down', renditions: [{ name: '720p', frameRate: 30 }] });
  broadcast.end('stopped');
  expect(events).toEqual([
    { type: 'stream.live', ...STREAM },
    { type: 'encoder.restarted', ...STREAM, reason: 'died' },
    {
      ...{ type: 'stream.quality-changed', ...STREAM, direction: 'down' },
      renditions: [{ name: '720p', frameRate: 30 }],
    },
    { type: 'stream.ended', ...STREAM, reason: 'stopped', durationSeconds: 12.3 },
  ]);
});

test('the time after the publisher has left does not count towards the duration', () => {
  const { broadcast, events, clock } = startBroadcast();
  broadcast.onPlayable();
  clock.nowMs += 60_000;
  broadcast.onPublisherGone('publisher-lost');
  clock.nowMs += 30_000;
  broadcast.end('publisher-lost');
  expect(events.at(-1)).toMatchObject({ reason: 'publisher-lost', durationSeconds: 60 });
});

test('a publisher that comes back in time causes no event, and the gap counts towards the duration', () => {
  const { broadcast, events, clock } = startBroadcast();
  broadcast.onPlayable();
  broadcast.onPublisherGone('publisher-lost');
  clock.nowMs += 20_000;
  broadcast.onPublisher();
  broadcast.onPlayable();
  clock.nowMs += 10_000;
  broadcast.end('shutdown');
  expect(events.map(({ type }) => type)).toEqual(['stream.live', 'stream.ended']);
  expect(events.at(-1)).toMatchObject({ durationSeconds: 30 });
});

test('a broadcast that nobody could watch emits no events', () => {
  const { broadcast, events } = startBroadcast();
  broadcast.onPublisher();
  broadcast.onRestart('died');
  broadcast.onQualityStep({ direction: 'down', renditions: [] });
  broadcast.onPublisherGone('publisher-lost');
  broadcast.end('publisher-lost');
  expect(events).toEqual([]);
  expect(broadcast.isLive).toBe(false);
});

test('a broadcast ends only once, and the next one has its own events and duration', () => {
  const { broadcast, events, clock } = startBroadcast();
  broadcast.onPlayable();
  clock.nowMs += 5_000;
  broadcast.onPublisherGone('publisher-lost');
  broadcast.end('publisher-lost');
  broadcast.end('shutdown');
  broadcast.onPublisher();
  broadcast.onPlayable();
  clock.nowMs += 2_000;
  broadcast.end('deleted');
  expect(events.map(({ type }) => type)).toEqual(['stream.live', 'stream.ended', 'stream.live', 'stream.ended']);
  expect(events.at(-1)).toMatchObject({ reason: 'deleted', durationSeconds: 2 });
});

test('a clock that is set back does not make the duration negative', () => {
  const { broadcast, events, clock } = startBroadcast();
  broadcast.onPlayable();
  clock.nowMs -= 5_000;
  broadcast.end('stopped');
  expect(events.at(-1)).toMatchObject({ durationSeconds: 0 });
});

test('a broadcast that became live on another task is live here without an event, and keeps its duration', () => {
  const { broadcast, events, clock } = startBroadcast(START_MS - 60_000);
  expect(broadcast.isLive).toBe(true);
  expect(broadcast.liveSinceMs).toBe(START_MS - 60_000);
  broadcast.onPlayable();
  broadcast.onPublisherGone('publisher-lost', START_MS - 20_000);
  expect(broadcast.absence).toEqual({ reason: 'publisher-lost', sinceMs: START_MS - 20_000 });
  clock.nowMs += 10_000;
  broadcast.end('publisher-lost');
  expect(events).toEqual([{ type: 'stream.ended', ...STREAM, reason: 'publisher-lost', durationSeconds: 40 }]);
  expect([broadcast.isLive, broadcast.liveSinceMs]).toEqual([false, null]);
});

test('viewers hear of the latest broadcast: since when, and why it has no publisher or has ended', () => {
  const { broadcast, clock } = startBroadcast();
  expect(broadcast.latest).toBeNull();
  broadcast.onPlayable();
  const liveSinceMs = clock.nowMs;
  expect(broadcast.latest).toEqual({ liveSinceMs, absence: null });
  clock.nowMs += 5_000;
  broadcast.onPublisherGone('publisher-stopped');
  const absence = { sinceMs: clock.nowMs, reason: 'publisher-stopped' };
  expect(broadcast.latest).toEqual({ liveSinceMs, absence });
  clock.nowMs += 30_000;
  broadcast.end('publisher-stopped');
  expect(broadcast.latest).toEqual({ liveSinceMs, absence });
  broadcast.onPublisher();
  broadcast.onPlayable();
  expect(broadcast.latest).toEqual({ liveSinceMs: clock.nowMs, absence: null });
});
