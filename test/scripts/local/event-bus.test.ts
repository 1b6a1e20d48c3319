import pino from 'pino';
import { type EventBusOptions, startEventBus } from '#scripts/local/event-bus.ts';
import type { ListeningServer } from '#scripts/local/http-server.ts';
import { signedFetch } from '#test/support/signed-fetch.ts';

const DETAIL = JSON.stringify({ id: 'e', type: 'stream.live', time: '2026-11-20T19:30:00.000Z' });
const ENTRY = { DetailType: 'stream.live', Detail: DETAIL };

let bus: ListeningServer;
const received: Parameters<EventBusOptions['onEvent']>[0][] = [];

beforeAll(async () => {
  bus = await startEventBus({ onEvent: (event) => received.push(event), log: pino({ level: 'silent' }) });
});
beforeEach(() => {
  received.length = 0;
});
afterAll(() => bus.close());

async function put(body: string, target = 'AWSEvents.PutEvents') {
  const response = await signedFetch(bus.url, { service: 'events', headers: { 'x-amz-target': target }, body });
  return { status: response.status, body: await response.json() };
}

test('an event is passed on and acknowledged', async () => {
  const answer = await put(JSON.stringify({ Entries: [ENTRY] }));
  expect(answer).toEqual({ status: 200, body: { FailedEntryCount: 0, Entries: [{ EventId: 'e' }] } });
  expect(received).toMatchObject([{ id: 'e', type: 'stream.live' }]);
});

test('an entry whose detail is not an event fails without affecting the others', async () => {
  const entries = [{ ...ENTRY, Detail: '{"id":1}' }, ENTRY, { ...ENTRY, Detail: 'no JSON' }];
  const { status, body } = await put(JSON.stringify({ Entries: entries }));
  expect(status).toBe(200);
  expect(body).toMatchObject({
    FailedEntryCount: 2,
    Entries: [{ ErrorCode: 'MalformedDetail' }, { EventId: 'e' }, {}],
  });
  expect(received).toHaveLength(1);
});

test.each([
  ['no JSON', 'nonsense'],
  ['no entries', '{}'],
  ['an empty list', '{"Entries":[]}'],
  ['eleven entries', JSON.stringify({ Entries: Array.from({ length: 11 }, () => ENTRY) })],
  ['an entry without detail', '{"Entries":[{"DetailType":"x"}]}'],
  ['more than a megabyte', JSON.stringify({ Entries: [{ ...ENTRY, Detail: 'x'.repeat(1024 * 1024) }] })],
])('%s is refused', async (_name, body) => {
  expect(await put(body)).toMatchObject({ status: 400, body: { __type: 'ValidationException' } });
  expect(received).toEqual([]);
});

test('another operation is refused', async () => {
  const answer = await put(JSON.stringify({ Entries: [ENTRY] }), 'AWSEvents.ListRules');
  expect(answer).toMatchObject({ status: 400, body: { __type: 'UnknownOperationException' } });
});

test('an event of somebody who does not know the secret goes nowhere', async () => {
  const body = JSON.stringify({ Entries: [ENTRY] });
  const answer = await fetch(bus.url, { method: 'POST', headers: { 'x-amz-target': 'AWSEvents.PutEvents' }, body });
  expect(answer.status).toBe(403);
  expect(received).toEqual([]);
});
