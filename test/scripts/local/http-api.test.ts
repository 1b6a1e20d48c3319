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

/** What the API itself allows for its largest body, a picture, and one byte more. */
const TOO_LONG = Buffer.alloc(300_001, ' ');

test.each([
  ['of a known length', { body: TOO_LONG }],
  ['in chunks', { body: new Blob([TOO_LONG]).stream(), duplex: 'half' }],
])('a body %s above the limit never reaches the handler', async (_name, body) => {
  const { url, events } = await start();
  const response = await fetch(url, { method: 'POST', ...body } as RequestInit);
  expect([response.status, response.headers.get('content-type')]).toEqual([413, 'application/problem+json']);
  expect(await response.json()).toMatchObject({ status: 413, detail: 'The body is larger than 300000 bytes.' });
  expect(events).toEqual([]);
});

test('a body of the longest length that is allowed does', async () => {
  const { url, events } = await start();
  await fetch(url, { method: 'POST', body: TOO_LONG.subarray(1) });
  expect(events).toHaveLength(1);
});

test.each([
  ['says how long its body is', 'Content-Length: 1000000000\r\n\r\n'],
  ['sends more and more', `Transfer-Encoding: chunked\r\n\r\n50000\r\n${' '.repeat(0x5_0000)}\r\n`],
])('a client that %s is refused before it has sent all', async (_name, rest) => {
  const { url } = await start();
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8');
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${rest}`);
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 413 /);
  // It is cut off if it does not stop.
  const closed = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
  const chunk = `100000\r\n${' '.repeat(0x10_0000)}\r\n`;
  const flood = setInterval(() => socket.write(chunk), 1);
  await closed.finally(() => clearInterval(flood));
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
