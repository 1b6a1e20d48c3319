import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';
import { generatePlaybackId, generateSecret } from '#domain/stream-ids.ts';
import { createEdgeGate } from '#encoder/origin/edge-gate.ts';
import { type OriginServer, startOriginServer } from '#encoder/origin/origin-server.ts';
import { openSharedSecret } from '#runtime/shared-secret.ts';

const secret = generateSecret(randomBytes);
const publicId = generatePlaybackId('public', randomBytes);
const protectedId = generatePlaybackId('token', randomBytes);
const FILES = [
  'status.json',
  'poster.jpg',
  'master.m3u8',
  '720p/media.m3u8',
  '720p/7-init.mp4',
  '720p/7-1.m4s',
  '720p/7-1.0.m4s',
];

let server: OriginServer;
const lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line) => lines.push(line) });

/** Starts an origin that answers every request that the gate lets through with its URL. */
async function start(accepts: Parameters<typeof createEdgeGate>[0]): Promise<void> {
  const gate = createEdgeGate(accepts);
  const handle = gate(async ({ url }) => ({ status: 200, headers: {}, body: [Buffer.from(url)] }));
  server = await startOriginServer({ host: '127.0.0.1', port: 0, handle, log });
}
afterEach(async () => {
  expect(lines.join()).not.toContain(secret);
  await server.close();
});

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const sent = request({ host: '127.0.0.1', port: server.port, path, method, headers, agent: false }).end();
  const [answer] = await once(sent, 'response');
  return {
    status: answer.statusCode as number,
    headers: answer.headers as IncomingHttpHeaders,
    body: await text(answer),
  };
}

describe('with a secret', () => {
  beforeEach(async () => {
    const shared = await openSharedSecret({ value: secret }, { name: 'it', now: Date.now, log });
    await start((header) => shared.accepts(header));
  });

  test.each(FILES)('%s of a protected stream is for the edge alone', async (file) => {
    const path = `/live/${protectedId}/${file}`;
    expect((await ask(path, { [EDGE_SECRET_HEADER]: secret })).body).toBe(path);
    for (const headers of [{}, { [EDGE_SECRET_HEADER]: generateSecret(randomBytes) }, { [EDGE_SECRET_HEADER]: '' }]) {
      expect((await ask(path, headers)).status).toBe(403);
      expect((await ask(path, headers, 'HEAD')).status).toBe(403);
    }
  });

  test.each([publicId, protectedId])('health.json of any stream is for the edge alone: %s', async (playbackId) => {
    const path = `/live/${playbackId}/health.json`;
    expect((await ask(path, { [EDGE_SECRET_HEADER]: secret })).body).toBe(path);
    expect((await ask(path)).status).toBe(403);
  });

  test.each([...FILES.map((file) => `/live/${publicId}/${file}`), '/health', '/live/unknown'])(
    '%s needs no secret',
    async (path) => {
      expect(await ask(path)).toMatchObject({ status: 200, body: path });
    },
  );

  test('a refusal may be read by pages of other sites, is kept by no cache, and does not have the secret', async () => {
    const { headers, body } = await ask(`/live/${protectedId}/master.m3u8`, { [EDGE_SECRET_HEADER]: `${secret}x` });
    expect(headers).toMatchObject({ 'access-control-allow-origin': '*' });
    expect(headers['cache-control']).toBeUndefined();
    expect(JSON.stringify(headers) + body).not.toContain(secret);
  });

  test('a browser may ask beforehand, as with every file', async () => {
    expect((await ask(`/live/${protectedId}/master.m3u8`, {}, 'OPTIONS')).status).toBe(204);
  });
});

test('without a secret, nobody gets a protected stream', async () => {
  await start(null);
  expect((await ask(`/live/${protectedId}/status.json`, { [EDGE_SECRET_HEADER]: 'null' })).status).toBe(403);
  expect((await ask(`/live/${publicId}/health.json`, { [EDGE_SECRET_HEADER]: 'null' })).status).toBe(403);
  expect((await ask(`/live/${publicId}/status.json`)).status).toBe(200);
});
