import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import pino from 'pino';
import { OriginHandler } from '#encoder/origin/origin-handler.ts';
import { startOriginServer } from '#encoder/origin/origin-server.ts';
import { Random } from '#kit/random.ts';
import { EPOCH, FIRST_MSN, onlyStream, PLAYBACK_ID, RunningOrigin } from './running-origin.ts';
import { unknownStream } from './unknown-stream.ts';

const SEGMENT = `/live/${PLAYBACK_ID}/480p/${EPOCH}-${FIRST_MSN}.m4s`;
const BIG_BYTES = 64 * 1024 * 1024;

// Below the server's own time limits, so that a test that waits for one of them fails.
jest.setTimeout(30_000);

let origin: RunningOrigin;
const agents: Agent[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const agent of agents.splice(0)) agent.destroy();
  await origin.server.close();
  expect(origin.errors).toEqual([]);
});

async function connect(): Promise<Socket> {
  const socket = await origin.connect();
  sockets.push(socket);
  return socket;
}

/** Replaces the first segment by one that does not fit into any socket buffer. */
function makeSegmentBig(): void {
  const parts = origin.stream.renditions.get('480p')?.segment(EPOCH, FIRST_MSN)?.parts;
  parts?.splice(0, parts.length, { durationSeconds: 2, isIndependent: true, data: Buffer.alloc(BIG_BYTES, 1) });
}

/** Sends a request on a keep-alive connection. */
async function askKeepingAlive(path: string): Promise<IncomingMessage> {
  const agent = new Agent({ keepAlive: true });
  agents.push(agent);
  const sent = request({ host: '127.0.0.1', port: origin.server.port, path, agent }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

describe('drain', () => {
  const { signal } = new AbortController();
  const NEVER_MS = 3_600_000;

  test('lets a blocked request wait for what it waits for, and closes its connection then', async () => {
    origin = await RunningOrigin.start();
    origin.feedUntil('480p', FIRST_MSN, 1);
    const playlist = askKeepingAlive(`/live/${PLAYBACK_ID}/480p/media.m3u8?_HLS_msn=${FIRST_MSN}&_HLS_part=1`);
    await origin.untilWaiting('480p', 1);
    const drained = origin.server.drain(NEVER_MS, signal);
    origin.feedUntil('480p', FIRST_MSN, 2);
    const response = await playlist;
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    response.resume();
    await drained;
  });

  test.each(['the limit', 'the signal'])('ends with %s', async (end) => {
    origin = await RunningOrigin.start();
    origin.feedUntil('480p', FIRST_MSN, 1);
    const playlist = askKeepingAlive(`/live/${PLAYBACK_ID}/480p/media.m3u8?_HLS_msn=${FIRST_MSN}&_HLS_part=1`);
    await origin.untilWaiting('480p', 1);
    const stop = new AbortController();
    const drained = origin.server.drain(end === 'the limit' ? 1 : NEVER_MS, stop.signal);
    if (end === 'the signal') stop.abort();
    await drained;
    const closed = origin.server.close();
    expect((await playlist).resume().statusCode).toBe(503);
    await closed;
  });

  test('does not wait if nothing is in progress', async () => {
    origin = await RunningOrigin.start();
    await origin.server.drain(NEVER_MS, signal);
  });
});

describe('close', () => {
  test('does not wait for idle connections', async () => {
    origin = await RunningOrigin.start();
    origin.feedAll();
    await buffer(await askKeepingAlive(SEGMENT));
    await connect();
    (await connect()).write('GET /health HTTP/1.1\r\nHost:');
    await origin.server.close();
  });

  test('answers blocked requests with 503 and closes their connections', async () => {
    origin = await RunningOrigin.start();
    origin.feedUntil('480p', FIRST_MSN, 1);
    const playlist = askKeepingAlive(`/live/${PLAYBACK_ID}/480p/media.m3u8?_HLS_msn=${FIRST_MSN}&_HLS_part=1`);
    const part = askKeepingAlive(`/live/${PLAYBACK_ID}/480p/${EPOCH}-${FIRST_MSN}.1.m4s`);
    await origin.untilWaiting('480p', 2);
    const closed = origin.server.close();
    for (const response of await Promise.all([playlist, part])) {
      expect(response.statusCode).toBe(503);
      expect(response.headers.connection).toBe('close');
      response.resume();
    }
    await closed;
    expect(origin.waiting('480p')).toBe(0);
  });

  test('lets a response to a slow reader finish and then closes its connection', async () => {
    origin = await RunningOrigin.start();
    origin.feedAll();
    makeSegmentBig();
    const response = await askKeepingAlive(SEGMENT);
    const closed = origin.server.close();
    const body = await buffer(response);
    expect(body.length).toBe(BIG_BYTES);
    await closed;
  });

  test('gives up on a client that reads nothing', async () => {
    origin = await RunningOrigin.start('low', { closeLimitMs: 100 });
    origin.feedAll();
    makeSegmentBig();
    const response = await askKeepingAlive(SEGMENT);
    response.on('error', () => {});
    response.pause();
    await origin.server.close();
  });

  test('may be called twice', async () => {
    origin = await RunningOrigin.start();
    await Promise.all([origin.server.close(), origin.server.close()]);
  });
});

test('a client that reads too slowly is disconnected', async () => {
  origin = await RunningOrigin.start('low', { sendLimitMs: 100 });
  origin.feedAll();
  makeSegmentBig();
  const socket = await connect();
  let bytes = 0;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    socket.pause();
    setTimeout(() => socket.resume(), 10);
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`GET ${SEGMENT} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await closed;
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(BIG_BYTES);
});

test('a viewer that leaves in the middle of a response is not an error', async () => {
  origin = await RunningOrigin.start();
  origin.feedAll();
  makeSegmentBig();
  const response = await askKeepingAlive(SEGMENT);
  response.on('error', () => {});
  response.destroy();
  expect((await origin.ask('/health')).status).toBe(200);
});

describe('an unusual client', () => {
  beforeEach(async () => {
    origin = await RunningOrigin.start();
    origin.feedAll();
  });

  /** Sends text and reads until the server closes the connection. */
  async function exchange(sent: string): Promise<string> {
    const socket = await connect();
    socket.write(sent);
    return text(socket);
  }

  test('that uses HTTP/1.0 gets a response and then the end of the connection', async () => {
    const answer = await exchange('GET /health HTTP/1.0\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
    expect(answer).toMatch(/\r\n\r\n\{"status":"alive"\}\n$/);
  });

  test('that asks the server to close the connection gets that', async () => {
    expect(await exchange('GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 200 OK/,
    );
  });

  test.each(['Content-Length: 1000000000', 'Transfer-Encoding: chunked'])(
    'that sends a body (%s) gets a response, but its body is not read',
    async (header) => {
      const answer = await exchange(`GET /health HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    },
  );

  test('that pipelines requests gets the responses in order', async () => {
    const last = 'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const answer = await exchange(`GET /health HTTP/1.1\r\nHost: x\r\n\r\n${last}`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
  });

  test.each<[string, string, number]>([
    ['text that is not HTTP', 'hello\r\n\r\n', 400],
    ['headers beyond 8 KiB', `GET /health HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(9000)}\r\n\r\n`, 431],
    ['no Host header', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['a whole URL', `GET http://x${SEGMENT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 404],
    ['a path without a slash', 'GET health HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['*', 'GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ])('with %s', async (_, sent, status) => {
    expect(await exchange(sent)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });
});

describe('thousands of odd URLs', () => {
  const PIECES = [
    'live',
    PLAYBACK_ID,
    '480p',
    'audio',
    'media.m3u8',
    'master.m3u8',
    '7-init.mp4',
    '7-100.m4s',
    '7-100.0.m4s',
  ]
    .concat(['..', '.', '', '%2e%2e', '%00', '%ff', '%', 'é', '~', '7-', '-100', '.m4s', '7-100.-1.m4s', '7-1e9.m4s'])
    .concat(['999999999999999999999', '__proto__', 'constructor', '<script>', "'", '"', '\\', ';', '&', '#']);
  const QUERIES = [
    '',
    '?',
    '?_HLS_msn',
    '?_HLS_msn=-1',
    '?_HLS_part=1',
    '?_HLS_msn=1&_HLS_msn=2',
    '?_HLS_skip=1',
    '?%',
    '?=&=',
  ];

  test('get 400 or 404, or are valid by chance, and leave no request waiting', async () => {
    origin = await RunningOrigin.start();
    origin.feedUntil('480p', FIRST_MSN + 1, 1);
    const random = new Random(1);
    const handler = new OriginHandler({ findStream: onlyStream(origin.stream), now: Date.now });
    const statuses = new Map<number, number>();
    const { signal } = new AbortController();
    for (let count = 0; count < 5000; count++) {
      const prefix = random.chance(0.5) ? `/live/${PLAYBACK_ID}/480p/` : '/';
      const pieces = Array.from({ length: random.below(5) }, () => random.pick(PIECES));
      const url = `${prefix}${pieces.join(random.chance(0.7) ? '/' : '')}${random.pick(QUERIES)}`;
      const request = { method: 'GET', url, headers: {}, acceptsGzip: false, signal } as const;
      const { status } = await handler.handle(request, async (target) => unknownStream(target));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses.keys()].sort()).toEqual([200, 400, 404]);
    expect(statuses.get(404)).toBeGreaterThan(4000);
    for (const name of origin.stream.renditions.keys()) expect(origin.waiting(name)).toBe(0);
  });

  test('of random bytes do no harm over a real connection', async () => {
    origin = await RunningOrigin.start();
    origin.feedAll();
    const random = new Random(2);
    for (let count = 0; count < 300; count++) {
      const socket = await connect();
      socket.on('error', () => {});
      socket.end(
        Buffer.concat([
          Buffer.from('GET /'),
          random.bytes(40),
          Buffer.from(' HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
        ]),
      );
      const answer = await text(socket);
      expect(answer).toMatch(/^HTTP\/1\.1 (400|404) /);
    }
    expect((await origin.ask('/health')).status).toBe(200);
  });
});

test('startOriginServer rejects if the port is taken', async () => {
  origin = await RunningOrigin.start();
  const { port } = origin.server;
  const handle = () => Promise.reject(new Error('nobody asks'));
  await expect(
    startOriginServer({ host: '127.0.0.1', port, handle, log: pino({ enabled: false }) }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('an unexpected error is logged and answered with a 500 that does not contain its message', async () => {
  origin = await RunningOrigin.start();
  const lines: string[] = [];
  const findStream = () => {
    throw new Error('secret');
  };
  const handler = new OriginHandler({ findStream, now: Date.now });
  const server = await startOriginServer({
    host: '127.0.0.1',
    port: 0,
    handle: (request) => handler.handle(request, async (target) => unknownStream(target)),
    log: pino({ level: 'error' }, { write: (line: string) => lines.push(line) }),
  });
  const response = await fetch(`http://127.0.0.1:${server.port}/live/${PLAYBACK_ID}/master.m3u8`);
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('internal error\n');
  expect(response.headers.get('cache-control')).toBeNull();
  expect(lines.join('')).toContain('secret');
  await server.close();
});
