import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createConnection } from 'node:net';
import type { HeadendEvent } from '#domain/events.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { EventFeed, type EventFeedOptions } from '#scripts/local/event-feed.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';
import { startControlApi } from '#test/support/control-api.ts';
import { type EventReader, followEvents } from '#test/support/event-reader.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let api: Awaited<ReturnType<typeof startControlApi>>;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  api = await startControlApi(database.client);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const event = (number: number, description = ''): HeadendEvent => ({
  ...{ type: 'stream.refused', id: `event-${number}`, time: '2026-11-20T19:30:00.000Z', streamId: null },
  ...{ code: 'NetStream.Publish.BadName', sourceAddress: '192.0.2.1', description },
});

async function startFeed(options: Partial<EventFeedOptions> = {}) {
  const feed = new EventFeed({ apiUrl: `${api.url}/api`, ...options });
  const server: ListeningServer = await listenOnLoopback(
    createServer((request, response) => void feed.serve(request, response)),
  );
  cleanups.push(async () => {
    feed.close();
    await server.close();
  });
  return { feed, url: server.url };
}

async function follow(url: string, token = api.tokens[0]): Promise<EventReader> {
  const reader = await followEvents(url, token);
  cleanups.push(() => reader.close());
  return reader;
}

test('every client gets every event, in order, with its type and id', async () => {
  const { feed, url } = await startFeed();
  const readers = [await follow(url), await follow(url, api.tokens[1])];
  for (let number = 0; number < 100; number += 1) feed.publish(event(number, 'two\nlines'));
  for (const reader of readers) {
    await waitFor('100 events', async () => reader.events.length === 100);
    expect(reader.events).toEqual(Array.from({ length: 100 }, (_, number) => event(number, 'two\nlines')));
  }
});

test('starts at once and sends heartbeats', async () => {
  const { url } = await startFeed({ heartbeatMs: 20 });
  const reader = await follow(url);
  await waitFor('two heartbeats', async () => reader.comments.length >= 3);
  expect(reader.comments[0]).toBe(': connected');
  expect(reader.events).toEqual([]);
});

test.each([
  ['no token', {}],
  ['a wrong token', { authorization: `Bearer ${generateSecret(randomBytes)}` }],
  ['another scheme', { authorization: 'Basic YTpi' }],
])('%s is refused as by the control API', async (_name, headers) => {
  const { url } = await startFeed();
  const response = await fetch(url, { headers });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('Bearer');
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await response.json()).toMatchObject({ status: 401 });
});

test.each([
  ['for one stream', { scope: 'streams:write', streamId: 'aaaaaaaaaaaaaaaa' }],
  ['to read all streams', { scope: 'streams:read' }],
])('a token %s does not see the events of everything', async (_name, limits) => {
  const { url } = await startFeed();
  const { json } = await api.call('POST', '/api/tokens', { body: { name: 'a', ...limits } });
  const response = await fetch(url, { headers: { authorization: `Bearer ${json.token}` } });
  expect([response.status, (await response.json()).detail]).toEqual([
    403,
    expect.stringContaining('needs a token with the scope "admin"'),
  ]);
});

test.each(['POST', 'DELETE'])('%s is not allowed', async (method) => {
  const { url } = await startFeed();
  const response = await fetch(url, { method, headers: { authorization: `Bearer ${api.tokens[0]}` } });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
});

test('nobody is let in if the API cannot be reached', async () => {
  const gone = await listenOnLoopback(createServer());
  await gone.close();
  const { url } = await startFeed({ apiUrl: gone.url });
  const response = await fetch(url, { headers: { authorization: `Bearer ${api.tokens[0]}` } });
  expect(response.status).toBe(503);
});

test('a client above the limit is told to retry, and is let in once another has left', async () => {
  const { url } = await startFeed({ maxClients: 1 });
  const first = await follow(url);
  const headers = { authorization: `Bearer ${api.tokens[0]}` };
  const refused = await fetch(url, { headers });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
  first.close();
  await waitFor('a free place', () => follow(url).catch(() => null));
});

test('a client that reads nothing is disconnected, and others lose nothing', async () => {
  const { feed, url } = await startFeed({ maxUnreadBytes: 100_000 });
  const reader = await follow(url);
  const socket = createConnection(Number(new URL(url).port), '127.0.0.1').pause();
  cleanups.push(() => socket.destroy());
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokens[0]}\r\n\r\n`);
  await once(socket, 'readable');
  const closed = once(socket, 'close');
  let published = 0;
  const flood = setInterval(() => feed.publish(event(published++, 'x'.repeat(50_000))), 1);
  cleanups.push(() => clearInterval(flood));
  // A paused socket only learns of its end after its buffer was read.
  await waitFor('enough for any buffer', async () => published > 400);
  clearInterval(flood);
  socket.on('error', () => undefined).resume();
  await closed;
  await waitFor('all events', async () => reader.events.length === published);
});

test('a feed ends once its token is revoked, and others go on', async () => {
  const { feed, url } = await startFeed({ trustMs: 20 });
  const { json } = await api.call('POST', '/api/tokens', { body: { name: 'follower' } });
  const revoked = await follow(url, json.token);
  const other = await follow(url);
  expect((await api.call('DELETE', `/api/tokens/${json.id}`)).status).toBe(204);
  await revoked.ended;
  feed.publish(event(1));
  await waitFor('the event', async () => other.events.length === 1);
  expect(revoked.events).toEqual([]);
});

test('a feed goes on while the API does not answer or has no database', async () => {
  const answers = [200, 503];
  const stub = createServer((_request, response) => {
    const status = answers.shift();
    if (status === undefined) response.destroy();
    else response.writeHead(status).end();
  });
  const server = await listenOnLoopback(stub);
  const { feed, url } = await startFeed({ apiUrl: server.url, trustMs: 20 });
  const reader = await follow(url);
  await waitFor('some checks', async () => answers.length === 0);
  await once(stub, 'request');
  feed.publish(event(1));
  await waitFor('the event', async () => reader.events.length === 1);
  await server.close();
});

test('close ends every feed', async () => {
  const { feed, url } = await startFeed();
  const reader = await follow(url);
  feed.close();
  await reader.ended;
});
