import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { startEdgeServer } from '#scripts/local/edge-server.ts';
import type { ListeningServer } from '#scripts/local/http-server.ts';
import { LOOPBACK } from '#scripts/local/http-server.ts';
import { startControlApi } from '#test/support/control-api.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let control: Awaited<ReturnType<typeof startControlApi>>;
let edge: ListeningServer;

beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  control = await startControlApi(database.client);
  edge = await startEdgeServer({
    addresses: [LOOPBACK],
    api: control.api,
    events: { serve: async (_request, response) => void response.end('events') },
    media: async (_request, response) => void response.end('media'),
    pages: async (request, response) => void response.end(`page ${request.url}`),
    site: { serve: () => false },
    homePath: () => '/watch/home',
    playbackBaseUrl: 'http://live.example.com:8080',
  });
});
afterAll(async () => {
  await edge.close();
  await control.close();
  await database.close();
});

test.each(['/api', '/api?page=1', '/api/', '/api/nothing'])(
  '%s is no address of the API: problem+json',
  async (path) => {
    const response = await fetch(`${edge.url}${path}`);
    expect([response.status, response.headers.get('Content-Type')]).toEqual([404, 'application/problem+json']);
    expect(await response.json()).toMatchObject({ status: 404, title: 'Not Found' });
  },
);

test.each([
  ['/api/health', '{"status":"ok"}'],
  ['/api/events', 'events'],
  ['/live/some/master.m3u8', 'media'],
  ['/t/some/live/thing', 'media'],
  ['/apiary', 'not found\n'],
  ['/watch/some?x', 'page /watch/some?x'],
  ['/embed/some', 'page /embed/some'],
  ['/watch', 'not found\n'],
])('%s is routed to the right service', async (path, body) => {
  expect(await (await fetch(`${edge.url}${path}`)).text()).toBe(body);
});

test('/ redirects to the home page', async () => {
  const response = await fetch(edge.url, { redirect: 'manual' });
  expect([response.status, response.headers.get('Location')]).toEqual([302, '/watch/home']);
});

/** Answers of the server to a `Host`, which `fetch` would not send. */
async function answerFor(host: string, path = '/', headers = {}) {
  const request = get(`${edge.url}${path}`, { headers: { ...headers, host }, setHost: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

async function statusFor(url: string, host: string): Promise<number | undefined> {
  const [response] = (await once(get(`${url}/api/health`, { headers: { host }, setHost: false }), 'response')) as [
    IncomingMessage,
  ];
  response.resume();
  return response.statusCode;
}

const port = () => new URL(edge.url).port;

test.each([
  ['this machine', () => `127.0.0.1:${port()}`],
  ['localhost', () => `localhost:${port()}`],
  ['LOCALHOST', () => `LOCALHOST:${port()}`],
  ['IPv6 loopback', () => `[::1]:${port()}`],
  ['the name that viewers use', () => 'live.example.com:8080'],
  ["this machine, with viewers' port", () => 'localhost:8080'],
])('it answers to %s', async (_name, host) => {
  expect(await answerFor(host(), '/api/health')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
});

test.each([
  ['a foreign name', () => `evil.example:${port()}`],
  ['a name that looks like its own', () => `127.0.0.1.evil.example:${port()}`],
  ['its name with another port', () => '127.0.0.1:1'],
  ['its name without a port', () => 'localhost'],
  ['no name', () => ''],
])('it does not answer to %s, which a page may have made lead here', async (_name, host) => {
  const headers = { authorization: `Bearer ${control.tokens[0]}` };
  for (const path of [
    '/',
    '/api/health',
    '/api/streams',
    '/api/events',
    '/live/some/master.m3u8',
    '/t/x',
    '/watch/x',
  ]) {
    const answer = await answerFor(host(), path, headers);
    expect([answer.status, answer.text]).toEqual([421, 'This is a Headend of another name.\n']);
    expect(Object.keys(answer.headers)).not.toContain('location');
  }
});

test('in a network, it answers to the very address of a connection, and still to no other name', async () => {
  const open = await startEdgeServer({
    ...{ addresses: [LOOPBACK, { host: '127.0.0.7', port: 0 }], homePath: () => '/', answersToAddress: true },
    ...{ api: control.api, events: { serve: async () => undefined }, media: async () => undefined },
    pages: async () => undefined,
    ...{ site: { serve: () => false }, playbackBaseUrl: 'http://127.0.0.7:1' },
  });
  const port = Number(new URL(open.url).port);
  const answers = await Promise.all(
    [`127.0.0.1:${port}`, `127.0.0.7:${port}`, `evil.example:${port}`, `127.0.0.1.evil.example:${port}`].map((host) =>
      statusFor(open.url, host),
    ),
  );
  await open.close();
  expect(answers).toEqual([200, 421, 421, 421]);
});

test('a page of another site may not read answers of the API', async () => {
  const origin = 'https://evil.example';
  const authorised = await answerFor(`127.0.0.1:${port()}`, '/api/streams', {
    ...{ origin, authorization: `Bearer ${control.tokens[0]}` },
  });
  expect(authorised.status).toBe(200);
  const preflight = await fetch(`${edge.url}/api/streams`, {
    ...{ method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } },
  });
  expect(preflight.ok).toBe(false);
  const names = [...Object.keys(authorised.headers), ...preflight.headers.keys()];
  expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
});
