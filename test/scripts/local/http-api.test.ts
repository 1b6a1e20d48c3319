import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createLogger } from '#runtime/log.ts';
import { createHttpApi } from '#scripts/local/http-api.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';

let server: ListeningServer | undefined;
afterEach(() => server?.close());

/** Starts an HTTP API whose handler returns `result`. Records its events and log lines. */
async function start(result: () => APIGatewayProxyStructuredResultV2 = () => ({ statusCode: 204 })) {
  const events: APIGatewayProxyEventV2[] = [];
  const log = new PassThrough({ encoding: 'utf8' });
  const api = createHttpApi({
    handler: async (event) => {
      events.push(event);
      return result();
    },
    now: () => 0,
    log: createLogger({ service: 'test', level: 'info', destination: log }),
  });
  server = await listenOnLoopback(createServer(api));
  return { url: server.url, events, logged: async () => String((await once(log, 'data'))[0]) };
}

test('a request becomes an event of payload format 2.0', async () => {
  const { url, events } = await start();
  await fetch(`${url}/a%20b?x=1&x=2&y=?`, { method: 'POST', headers: { 'X-Some': 'thing' }, body: 'Ünïcode' });
  expect(events).toEqual([
    expect.objectContaining({
      version: '2.0',
      rawPath: '/a%20b',
      rawQueryString: 'x=1&x=2&y=?',
      headers: expect.objectContaining({ 'x-some': 'thing' }),
      body: Buffer.from('Ünïcode').toString('base64'),
      isBase64Encoded: true,
    }),
  ]);
  expect(events[0]?.requestContext.http).toMatchObject({ method: 'POST', path: '/a%20b', sourceIp: '127.0.0.1' });
});

test('a request without content has no body', async () => {
  const { url, events } = await start();
  await fetch(`${url}/`);
  expect(events[0]).toMatchObject({ rawPath: '/', rawQueryString: '', isBase64Encoded: false });
  expect(events[0]).not.toHaveProperty('body');
});

test.each([
  ['a text', { body: 'Ünïcode' }],
  ['base64', { body: Buffer.from('Ünïcode').toString('base64'), isBase64Encoded: true }],
])('a result with %s becomes the response', async (_name, body) => {
  const { url } = await start(() => ({ statusCode: 418, headers: { 'X-Some': 'thing', 'X-Number': 7 }, ...body }));
  const response = await fetch(url);
  expect(response.status).toBe(418);
  expect([response.headers.get('X-Some'), response.headers.get('X-Number')]).toEqual(['thing', '7']);
  expect(await response.text()).toBe('Ünïcode');
});

test('a failing handler is a 500 without details, and a log line', async () => {
  const { url, logged } = await start(() => {
    throw new Error('internal details');
  });
  const response = await fetch(url);
  expect(response.status).toBe(500);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(await response.text()).not.toContain('internal details');
  expect(await logged()).toContain('internal details');
});

test('a body above 1 MiB never reaches the handler', async () => {
  const { url, events } = await start();
  const response = await fetch(url, { method: 'POST', body: Buffer.alloc(1024 * 1024 + 1) });
  expect(response.status).toBe(413);
  expect(events).toEqual([]);
});

test('a client that leaves in the middle of its body is a log line, and the next one is served', async () => {
  const { url, events, logged } = await start();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf', () => socket.destroy());
  expect(await logged()).toContain('request failed');
  expect(events).toEqual([]);
  expect((await fetch(url)).status).toBe(204);
});
