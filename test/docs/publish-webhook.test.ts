import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pino } from 'pino';
import { generateSecret } from '#domain/stream-ids.ts';
import { createWebhookAuthority } from '#functions/ingest-auth/webhook-authority.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

type IsFromHeadend = (headers: IncomingHttpHeaders, body: Buffer | string, secret: string, nowMs?: number) => boolean;

const NOW_MS = 1_735_787_045_678;
const TOLERANCE_MS = 300_000;
const secret = generateSecret(randomBytes);

/** The example of the document, run as it is. */
async function readExample(): Promise<IsFromHeadend> {
  const text = await readFile(new URL('../../docs/publish-webhook.md', import.meta.url), 'utf8');
  const code = /^```js\n(.*?)^```$/ms.exec(text)?.[1];
  if (code === undefined) throw new Error('the document has no example');
  const module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return module.isFromHeadend;
}

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request of the ingest-auth function, as it comes in at a backend. */
async function receive(): Promise<Received> {
  const received: Received[] = [];
  const server = await listenOnLoopback(
    createServer(async (request, response) => {
      received.push({ headers: request.headers, body: await buffer(request) });
      response.end('{}');
    }),
  );
  const authorise = createWebhookAuthority({
    ...{ url: new URL(server.url), readSecret: async () => secret, fetch, now: () => NOW_MS },
    ...{ defaults: { ladder: '720p', latency: 'low', codecs: ['h264'] }, log: pino({ enabled: false }) },
  });
  await authorise({ streamKey: generateSecret(randomBytes), sourceAddress: '192.0.2.1' });
  await server.close();
  const [request] = received;
  if (request === undefined) throw new Error('nothing was received');
  return request;
}

test('the documented check accepts a request of ingest-auth, for as long as the document says', async () => {
  const isFromHeadend = await readExample();
  const { headers, body } = await receive();
  const isAcceptedAt = (nowMs: number) => isFromHeadend(headers, body, secret, nowMs);
  expect(isAcceptedAt(NOW_MS)).toBe(true);
  expect(isFromHeadend(headers, body.toString(), secret, NOW_MS)).toBe(true);
  for (const sign of [1, -1]) {
    expect(isAcceptedAt(NOW_MS + sign * (TOLERANCE_MS - 1_000))).toBe(true);
    expect(isAcceptedAt(NOW_MS + sign * (TOLERANCE_MS + 1_000))).toBe(false);
  }
});

test('the documented check refuses what ingest-auth did not send', async () => {
  const isFromHeadend = await readExample();
  const { headers, body } = await receive();
  const later = String(Number(headers['headend-timestamp']) + 1);
  const others: [IncomingHttpHeaders, Buffer, string][] = [
    [headers, body, generateSecret(randomBytes)],
    [headers, Buffer.concat([body, Buffer.from(' ')]), secret],
    [{ ...headers, 'headend-timestamp': later }, body, secret],
    [{ ...headers, 'headend-timestamp': 'now' }, body, secret],
    [{ ...headers, 'headend-signature': '' }, body, secret],
    [{ ...headers, 'headend-signature': 'zz' }, body, secret],
    [{}, body, secret],
  ];
  for (const [otherHeaders, otherBody, otherSecret] of others)
    expect(isFromHeadend(otherHeaders, otherBody, otherSecret, NOW_MS)).toBe(false);
});
