import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import pino from 'pino';
import type { ForwardedBody } from '#encoder/origin/origin-response.ts';
import { type OriginServer, startOriginServer } from '#encoder/origin/origin-server.ts';

const HEADERS = ['content-length', '10', 'x', 'first', 'X', 'second'];

/** A body that a test sends. */
class TestBody implements ForwardedBody {
  readonly sink: Promise<Writable>;
  readonly destroyed: Promise<void>;
  pipeTo: (sink: Writable) => void = () => undefined;
  destroy: () => void = () => undefined;

  constructor() {
    this.sink = new Promise((resolve) => (this.pipeTo = resolve));
    this.destroyed = new Promise((resolve) => (this.destroy = resolve));
  }
}

let body: TestBody;
let headers: readonly string[];
let server: OriginServer;

beforeEach(async () => {
  body = new TestBody();
  headers = HEADERS;
  server = await startOriginServer({
    ...{ host: '127.0.0.1', port: 0, log: pino({ enabled: false }) },
    handle: async () => ({ status: 200, headers, stream: body }),
  });
});
afterEach(() => server.close());

async function ask(): Promise<IncomingMessage> {
  const [response] = (await once(get({ port: server.port, agent: false }), 'response')) as [IncomingMessage];
  return response;
}

/** Asks, and gets the first half of the body. */
async function askForHalf(): Promise<IncomingMessage> {
  void body.sink.then((sink) => sink.write('12345'));
  return ask();
}

test('headers are passed on as they are, and the body to its end', async () => {
  const response = await askForHalf();
  expect(response.rawHeaders.slice(0, HEADERS.length)).toEqual(HEADERS);
  (await body.sink).end('67890');
  expect(await text(response)).toBe('1234567890');
});

test('a client that leaves ends the body', async () => {
  const response = await askForHalf();
  response.on('error', () => undefined).destroy();
  await body.destroyed;
});

test('a body that breaks off ends the connection of its client', async () => {
  const response = await askForHalf();
  (await body.sink).destroy();
  await expect(text(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('a server that drains says that the connection closes', async () => {
  const { signal } = new AbortController();
  await server.drain(0, signal);
  const response = await askForHalf();
  expect(response.headers.connection).toBe('close');
  (await body.sink).end('67890');
  await text(response);
});

test('a body is ended if its headers can not be sent', async () => {
  headers = ['x', 'a\nb'];
  const response = await ask();
  expect(response.statusCode).toBe(500);
  response.resume();
  await body.destroyed;
});
