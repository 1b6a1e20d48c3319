import { createServer } from 'node:http';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import pino from 'pino';
import type { HeadendEvent } from '#domain/events.ts';
import { EventBridgeSink } from '#encoder/telemetry/event-bridge-sink.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { startEventBus } from '#scripts/local/event-bus.ts';
import { type ListeningServer, listenOnLoopback, readBody } from '#scripts/local/http-server.ts';

interface LogLine {
  readonly msg: string;
  readonly dropped?: number;
  readonly eventId?: string;
  readonly eventIds?: readonly string[];
}

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  readonly Time: number;
}

const servers: ListeningServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const event = (number: number): HeadendEvent => ({
  ...{ type: 'stream.live', id: `event-${number}`, time: '2026-11-20T19:30:00.000Z' },
  ...{ streamId: 'stream-1', playbackId: 'playback-1' },
});

function createSink(endpoint: string) {
  const logLines: LogLine[] = [];
  const log = pino({}, { write: (line) => logLines.push(JSON.parse(line)) });
  const client = new EventBridgeClient({
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    maxAttempts: 1,
  });
  return { sink: new EventBridgeSink({ client, eventBusName: 'bus', log }), logLines };
}

/** An event bus that answers each call with `answer` and records the entries. Null breaks the connection. */
async function startBus(answer: (call: number, entries: readonly Entry[]) => object | null) {
  const calls: Entry[][] = [];
  const server = createServer(async (request, response) => {
    const body = await readBody(request, 1_000_000);
    const { Entries } = JSON.parse(String(body)) as { Entries: Entry[] };
    calls.push(Entries);
    const answered = answer(calls.length - 1, Entries);
    if (answered === null) response.destroy();
    else response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answered));
  });
  const listening = await listenOnLoopback(server);
  servers.push(listening);
  return { url: listening.url, calls };
}

const accept = (_call: number, entries: readonly Entry[]): object => ({
  FailedEntryCount: 0,
  Entries: entries.map((_entry, index) => ({ EventId: String(index) })),
});

test('an entry has the fields that rules select by, and the event as its detail', async () => {
  const { url, calls } = await startBus(accept);
  const { sink, logLines } = createSink(url);
  sink.publish(event(1));
  await sink.flush(5_000);
  const [entry] = calls[0] ?? [];
  expect(entry).toMatchObject({ EventBusName: 'bus', Source: 'headend', DetailType: 'stream.live' });
  expect(JSON.parse(entry?.Detail ?? '')).toEqual(event(1));
  expect(entry?.Time).toBe(Date.UTC(2026, 10, 20, 19, 30) / 1000);
  expect(logLines).toEqual([]);
});

test('events arrive in order, at most ten per call', async () => {
  const { url, calls } = await startBus(accept);
  const { sink } = createSink(url);
  for (let number = 0; number < 25; number += 1) sink.publish(event(number));
  await sink.flush(5_000);
  expect(calls.map((entries) => entries.length)).toEqual([10, 10, 5]);
  const ids = calls.flat().map(({ Detail }) => (JSON.parse(Detail) as HeadendEvent).id);
  expect(ids).toEqual(Array.from({ length: 25 }, (_, number) => `event-${number}`));
});

test('a failed call is logged and loses its events, but not the next ones', async () => {
  const { url, calls } = await startBus((call, entries) => (call === 0 ? null : accept(call, entries)));
  const { sink, logLines } = createSink(url);
  sink.publish(event(1));
  await sink.flush(5_000);
  sink.publish(event(2));
  await sink.flush(5_000);
  expect(calls).toHaveLength(2);
  expect(logLines).toMatchObject([{ msg: 'events not delivered', eventIds: ['event-1'] }]);
});

test('an entry that EventBridge rejects is logged', async () => {
  const { url } = await startBus(() => ({
    FailedEntryCount: 1,
    Entries: [{ EventId: '0' }, { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }],
  }));
  const { sink, logLines } = createSink(url);
  sink.publish(event(1));
  sink.publish(event(2));
  await sink.flush(5_000);
  expect(logLines).toMatchObject([{ msg: 'event not delivered', eventId: 'event-2', code: 'ThrottlingException' }]);
});

test('if EventBridge does not answer, publishing does not block and the queue is bounded', async () => {
  const gone = await startBus(accept);
  await Promise.all(servers.splice(0).map((server) => server.close()));
  const { sink, logLines } = createSink(gone.url);
  for (let number = 0; number < 1_500; number += 1) sink.publish(event(number));
  await sink.flush(5_000);
  expect(logLines.filter(({ msg }) => msg === 'events not delivered')).toHaveLength(100);
  expect(logLines.find(({ dropped }) => dropped !== undefined)?.dropped).toBe(500);
});

test('flush gives up after its limit if EventBridge never answers', async () => {
  const silent = await listenOnLoopback(createServer());
  servers.push(silent);
  const { sink, logLines } = createSink(silent.url);
  for (let number = 0; number < 30; number += 1) sink.publish(event(number));
  await sink.flush(50);
  expect(logLines.flatMap(({ eventIds = [] }) => eventIds)).toHaveLength(30);
});

test('the local event bus forwards what was published', async () => {
  const received: HeadendEvent[] = [];
  const bus = await startEventBus({ onEvent: (handed) => received.push(handed), log: pino({ level: 'silent' }) });
  servers.push(bus);
  const { sink, logLines } = createSink(bus.url);
  for (let number = 0; number < 12; number += 1) sink.publish(event(number));
  await sink.flush(5_000);
  expect(received).toEqual(Array.from({ length: 12 }, (_, number) => event(number)));
  expect(logLines).toEqual([]);
});
