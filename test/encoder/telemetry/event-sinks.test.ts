import { randomBytes } from 'node:crypto';
import type { HeadendEvent } from '#domain/events.ts';
import { ID_PATTERN } from '#domain/stream-ids.ts';
import { createEmitter, createLogSink, EventCounter } from '#encoder/telemetry/event-sinks.ts';
import { createLogger } from '#runtime/log.ts';

const ORIGIN = { id: 'e', time: '2026-11-20T19:30:00.000Z', streamId: 's', playbackId: 'p' };

test('the emitter gives each event an id and the time and passes it to every sink', () => {
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

test.each(['debug', 'warn', 'fatal'])('the log sink writes one JSON line per event, even at log level %s', (level) => {
  const lines: string[] = [];
  const log = createLogger({ service: 'encoder', level, destination: { write: (line) => lines.push(line) } });
  const event = { ...ORIGIN, type: 'stream.live' } as const;
  createLogSink(log).publish(event);
  log.debug('the level of other lines stays');
  expect(lines).toHaveLength(level === 'debug' ? 2 : 1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ service: 'encoder', msg: 'stream.live', event });
});

test('the counter counts events by type', () => {
  const counter = new EventCounter();
  expect(counter.count('encoder.restarted')).toBe(0);
  const restarted: HeadendEvent = { ...ORIGIN, type: 'encoder.restarted', reason: 'died' };
  for (const event of [restarted, { ...ORIGIN, type: 'stream.live' } as const, restarted]) counter.publish(event);
  expect(counter.count('encoder.restarted')).toBe(2);
  expect(counter.count('stream.live')).toBe(1);
  expect(counter.count('stream.refused')).toBe(0);
});

test('an event that stands for several refusals counts as that many', () => {
  const counter = new EventCounter();
  const refused: HeadendEvent = {
    ...{ type: 'stream.refused', id: 'e', time: '2026-11-20T19:30:00.000Z', streamId: null },
    ...{ code: 'NetStream.Publish.BadName', description: 'Unknown', sourceAddress: '192.0.2.1' },
  };
  for (const event of [refused, { ...refused, count: 499 }]) counter.publish(event);
  expect(counter.count('stream.refused')).toBe(500);
});
