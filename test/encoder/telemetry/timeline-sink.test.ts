import pino from 'pino';
import type { EventBody, HeadendEvent, TimelineEvent } from '#domain/events.ts';
import { TimelineSink } from '#encoder/telemetry/timeline-sink.ts';

let nowMs: number;
let stored: TimelineEvent[];
/** What the store does with the next event. */
let answer: (event: TimelineEvent, signal: AbortSignal | undefined) => Promise<void>;
let logLines: { msg: string; eventIds?: readonly string[]; dropped?: number }[];
let sink: TimelineSink;

beforeEach(() => {
  [nowMs, stored, logLines] = [0, [], []];
  answer = async () => undefined;
  const add = async (event: TimelineEvent, signal?: AbortSignal): Promise<void> => {
    await answer(event, signal);
    stored.push(event);
  };
  const log = pino({}, { write: (line: string) => logLines.push(JSON.parse(line)) });
  sink = new TimelineSink({ store: { add }, now: () => nowMs, log });
});

let count = 0;
const stamp = (body: EventBody): HeadendEvent => ({ ...body, id: `id-${count++}`, time: '2026-01-02T03:04:05.678Z' });
const live = (streamId = 'stream-1') => stamp({ type: 'stream.live', streamId, playbackId: 'playback-1' });
const refused = (streamId: string | null, more: { count?: number } = {}) =>
  stamp({
    ...{ type: 'stream.refused', streamId, code: 'NetStream.Publish.BadName', description: 'no' },
    ...{ sourceAddress: '192.0.2.1', ...more },
  });

test('events are stored one after the other, in their order', async () => {
  let running = 0;
  answer = async () => {
    running += 1;
    expect(running).toBe(1);
    await Promise.resolve();
    running -= 1;
  };
  const events = [live(), refused('stream-1'), live('stream-2')];
  for (const event of events) sink.publish(event);
  await sink.flush(1_000);
  expect(stored).toEqual(events);
});

test('a stranger with a key that nobody has leaves nothing', async () => {
  for (let times = 0; times < 100; times++) sink.publish(refused(null));
  await sink.flush(1_000);
  expect(stored).toEqual([]);
});

test('of a stream that is refused again and again, ten are stored, and then one a minute with the number of all', async () => {
  for (let times = 0; times < 15; times++) sink.publish(refused('stream-1', { count: 2 }));
  for (const event of [refused('stream-2'), live()]) sink.publish(event);
  await sink.flush(1_000);
  expect(stored).toHaveLength(12);
  stored = [];
  nowMs += 60_000;
  sink.publish(refused('stream-1'));
  sink.publish(refused('stream-1'));
  await sink.flush(1_000);
  expect(stored).toMatchObject([{ type: 'stream.refused', count: 11 }]);
  nowMs += 120_000;
  for (let times = 0; times < 2; times++) sink.publish(refused('stream-1'));
  await sink.flush(1_000);
  expect(stored.slice(1)).toMatchObject([{ count: 2 }, { type: 'stream.refused' }]);
  expect(stored.at(-1)).not.toHaveProperty('count');
});

test('an event that can not be stored is a line in the log, and the next one is stored', async () => {
  const [first, second] = [live(), live()];
  answer = async ({ id }) => {
    if (id === first.id) throw new Error('down');
  };
  sink.publish(first);
  sink.publish(second);
  await sink.flush(1_000);
  expect(stored).toEqual([second]);
  expect(logLines).toMatchObject([{ msg: 'events not delivered', eventIds: [first.id] }]);
});

test('while the store does not answer, the queue is bounded, and publishing never waits', async () => {
  answer = (_event, signal) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  for (let times = 0; times < 1_500; times++) sink.publish(live());
  await sink.flush(0);
  expect(stored).toEqual([]);
  expect(logLines.map(({ eventIds, dropped }) => eventIds?.length ?? dropped)).toEqual([1, 500, 999]);
});
