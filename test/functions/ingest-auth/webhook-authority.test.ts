import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { WEBHOOK_FAILED } from '#domain/ingest-auth.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { createWebhookAuthority, WEBHOOK_ANSWER_LIMIT_BYTES } from '#functions/ingest-auth/webhook-authority.ts';
import { createLogger } from '#runtime/log.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';

const NOW_MS = 1_735_787_045_678;
const streamKey = generateSecret(randomBytes);
const secret = generateSecret(randomBytes);
const request = { streamKey, sourceAddress: '192.0.2.1' };
const TRY_AGAIN = {
  allow: false,
  code: 'NetStream.Publish.Rejected',
  description: 'The stream key could not be checked; try again.',
};

const servers: ListeningServer[] = [];
let lines: string[];

beforeEach(() => {
  lines = [];
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function startBackend(listener: RequestListener): Promise<URL> {
  const server = await listenOnLoopback(createServer(listener));
  servers.push(server);
  return new URL('/publish?tenant=a', server.url);
}

function authorityFor(url: URL, readSecret = async () => secret) {
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLogger({ service: 'ingest-auth', level: 'trace', destination });
  const defaults = { ladder: '720p', latency: 'low', codecs: ['h264'] } as const;
  return createWebhookAuthority({ url, readSecret, defaults, fetch, now: () => NOW_MS, log });
}

const answerWith =
  (status: number, body: string, headers = {}) =>
  (_request: unknown, response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

const failures = () => lines.filter((line) => JSON.parse(line).msg === WEBHOOK_FAILED);

afterEach(() => {
  expect(lines.join()).not.toContain(streamKey);
  expect(lines.join()).not.toContain(secret);
});

test('the backend gets a signed POST of the request', async () => {
  const received: {
    method: string | undefined;
    url: string | undefined;
    headers: IncomingHttpHeaders;
    body: string;
  }[] = [];
  const url = await startBackend(async (incoming, response) => {
    const { method, url: target, headers } = incoming;
    received.push({ method, url: target, headers, body: await text(incoming) });
    response.end('{}');
  });
  await authorityFor(url)(request);
  const [{ method, url: target, headers, body } = { headers: {} as IncomingHttpHeaders, body: '' }] = received;
  expect([method, target, headers['content-type']]).toEqual(['POST', '/publish?tenant=a', 'application/json']);
  expect(JSON.parse(body)).toEqual(request);
  expect(headers['headend-timestamp']).toBe('1735787045');
  const signature = createHmac('sha256', secret).update(`1735787045.${body}`).digest('hex');
  expect(headers['headend-signature']).toBe(signature);
});

test.each([200, 201, 299])('%d with JSON allows', async (status) => {
  const url = await startBackend(answerWith(status, '{"streamId":"alice","ladder":"480p"}'));
  expect(await authorityFor(url)(request)).toMatchObject({
    allow: true,
    stream: { streamId: 'alice', version: null, ladder: '480p', latency: 'low' },
  });
  expect(failures()).toEqual([]);
});

test.each([400, 401, 403, 404, 499])('%d denies for good', async (status) => {
  const url = await startBackend(answerWith(status, '{"streamId":"alice"}'));
  expect(await authorityFor(url)(request)).toEqual({
    allow: false,
    code: 'NetStream.Publish.BadName',
    description: 'This stream key is unknown or no longer valid.',
  });
  expect(failures()).toEqual([]);
});

test.each<[string, RequestListener]>([
  ['429', answerWith(429, '{}')],
  ['408', answerWith(408, '{}')],
  ['500', answerWith(500, '{}')],
  ['503 with an allowance', answerWith(503, '{"streamId":"alice"}')],
  ['204', answerWith(204, '')],
  ['200 without a body', answerWith(200, '')],
  ['200 with HTML', answerWith(200, '<html>')],
  ['200 with an unknown ladder', answerWith(200, '{"ladder":"4k"}')],
  ['200 with the key as the id', answerWith(200, JSON.stringify({ streamId: streamKey }))],
  ['304', answerWith(304, '')],
  ['a redirect without an address', answerWith(302, '{}')],
  ['a body that is too long', answerWith(200, `{}${' '.repeat(WEBHOOK_ANSWER_LIMIT_BYTES)}`)],
  ['a connection that breaks', (incoming) => void incoming.socket.destroy()],
  [
    'a body that breaks off',
    (_incoming, response) =>
      void response.writeHead(200, { 'Content-Length': 10 }).write('{}', () => response.destroy()),
  ],
])('%s denies for now, and logs an error that an alarm counts', async (_name, listener) => {
  const url = await startBackend(listener);
  expect(await authorityFor(url)(request)).toEqual(TRY_AGAIN);
  expect(failures()).toHaveLength(1);
  expect(JSON.parse(failures()[0] ?? '')).toMatchObject({ level: 'error', host: url.host });
});

test('if the secret cannot be read, the backend is not asked, and the publish is denied for now', async () => {
  let isAsked = false;
  const url = await startBackend((_incoming, response) => {
    isAsked = true;
    response.end('{}');
  });
  expect(await authorityFor(url, () => Promise.reject(new Error('no secret')))(request)).toEqual(TRY_AGAIN);
  expect(failures()[0]).toContain('no secret');
  expect(isAsked).toBe(false);
});

test('each request is signed with the secret at that moment', async () => {
  const signatures: unknown[] = [];
  const url = await startBackend((incoming, response) => {
    signatures.push(incoming.headers['headend-signature']);
    response.end('{}');
  });
  const secrets = [secret, generateSecret(randomBytes)];
  const authorise = authorityFor(url, async () => secrets.shift() ?? '');
  await authorise(request);
  await authorise(request);
  expect(new Set(signatures).size).toBe(2);
});

test('a body of exactly the limit is read', async () => {
  const url = await startBackend(answerWith(200, `{}${' '.repeat(WEBHOOK_ANSWER_LIMIT_BYTES - 2)}`));
  expect(await authorityFor(url)(request)).toMatchObject({ allow: true });
});

test('the key is not sent to the target of a redirect', async () => {
  let isElsewhereAsked = false;
  const elsewhere = await startBackend((_incoming, response) => {
    isElsewhereAsked = true;
    response.end('{}');
  });
  for (const status of [301, 302, 307, 308]) {
    const url = await startBackend(answerWith(status, '{}', { Location: elsewhere.href }));
    expect(await authorityFor(url)(request)).toEqual(TRY_AGAIN);
  }
  expect(isElsewhereAsked).toBe(false);
});

test('backends that never answer, or begin an answer and never end it, deny for now after a timeout', async () => {
  const listeners: readonly RequestListener[] = [
    () => undefined,
    (_incoming, response) => void response.writeHead(200).write('{}'),
  ];
  const deny = async (listener: RequestListener) => authorityFor(await startBackend(listener))(request);
  expect(await Promise.all(listeners.map(deny))).toEqual([TRY_AGAIN, TRY_AGAIN]);
  expect(failures()).toHaveLength(2);
  for (const line of failures()) expect(line).toContain('Timeout');
});

test('a backend that cannot be reached denies for now', async () => {
  const url = await startBackend(answerWith(200, '{}'));
  await Promise.all(servers.splice(0).map((server) => server.close()));
  expect(await authorityFor(url)(request)).toEqual(TRY_AGAIN);
  expect(failures()[0]).toContain('ECONNREFUSED');
});

test.each(['', 'a'.repeat(513)])('the backend is not asked about a key of impossible length', async (impossible) => {
  const decision = await authorityFor(new URL('http://127.0.0.1:1/'))({ ...request, streamKey: impossible });
  expect(decision).toMatchObject({ allow: false, code: 'NetStream.Publish.BadName' });
  expect(lines).toEqual([]);
});
