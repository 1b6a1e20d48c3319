import { randomBytes } from 'node:crypto';
import type { HeadendEvent } from '#domain/events.ts';
import { ID_PATTERN } from '#domain/stream-ids.ts';
import { createEmitter } from '#encoder/telemetry/create-emitter.ts';

test('every sink gets each event with an id of its own and the time', () => {
  const received: HeadendEvent[][] = [[], []];
  const sinks = received.map((events) => ({ publish: (event: HeadendEvent) => void events.push(event) }));
  const emit = createEmitter({ sinks, now: () => Date.UTC(2026, 10, 20, 19, 30), randomBytes });
  emit({ type: 'stream.live', streamId: 's', playbackId: 'p' });
  emit({ type: 'stream.ended', streamId: 's', playbackId: 'p', reason: 'stopped', durationSeconds: 1.5 });
  const [first = [], second] = received;
  expect(second).toEqual(first);
  expect(first).toEqual([
    {
      ...{ type: 'stream.live', streamId: 's', playbackId: 'p' },
      ...{ id: expect.stringMatching(ID_PATTERN), time: '2026-11-20T19:30:00.000Z' },
    },
    expect.objectContaining({ type: 'stream.ended', reason: 'stopped', durationSeconds: 1.5 }),
  ]);
  expect(first[0]?.id).not.toBe(first[1]?.id);
});
