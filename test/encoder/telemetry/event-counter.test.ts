import type { HeadendEvent } from '#domain/events.ts';
import { EventCounter } from '#encoder/telemetry/event-counter.ts';

test('counts each type by itself', () => {
  const counter = new EventCounter();
  expect(counter.count('encoder.restarted')).toBe(0);
  const origin = { id: 'e', time: '2026-11-20T19:30:00.000Z', streamId: 's', playbackId: 'p' };
  const restarted: HeadendEvent = { ...origin, type: 'encoder.restarted', reason: 'died' };
  for (const event of [restarted, { ...origin, type: 'stream.live' } as const, restarted]) counter.publish(event);
  expect(counter.count('encoder.restarted')).toBe(2);
  expect(counter.count('stream.live')).toBe(1);
  expect(counter.count('stream.refused')).toBe(0);
});

test('an event that stands for several refusals counts as many', () => {
  const counter = new EventCounter();
  const refused: HeadendEvent = {
    ...{ type: 'stream.refused', id: 'e', time: '2026-11-20T19:30:00.000Z', streamId: null },
    ...{ code: 'NetStream.Publish.BadName', description: 'Unknown', sourceAddress: '192.0.2.1' },
  };
  for (const event of [refused, { ...refused, count: 499 }]) counter.publish(event);
  expect(counter.count('stream.refused')).toBe(500);
});
