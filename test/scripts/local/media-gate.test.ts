import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { pino } from 'pino';
import { generateSecret } from '#domain/stream-ids.ts';
import type { ViewerRequestEvent } from '#functions/viewer-token/edge-event.ts';
import { EdgeCache } from '#scripts/local/edge-cache.ts';
import type { EdgeFunction } from '#scripts/local/edge-function.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';
import { createMediaGate } from '#scripts/local/media-gate.ts';
import { OriginProxy } from '#scripts/local/origin-proxy.ts';

const servers: ListeningServer[] = [];
const proxies: OriginProxy[] = [];
const logLines: string[] = [];

afterEach(async () => {
  for (const proxy of proxies.splice(0)) proxy.close();
  for (const server of servers.splice(0)) await server.close();
});

/** Starts a gate with this function in front of an origin that answers with the requested URL. */
async function startGate(edgeFunction: EdgeFunction): Promise<string> {
  const origin = await listenOnLoopback(createServer((request, response) => response.end(request.url)));
  const proxy = new OriginProxy({
    ...{ originUrls: () => [origin.url], edgeSecret: generateSecret(randomBytes) },
    cache: new EdgeCache({ now: Date.now }),
  });
  const log = pino({}, { write: (line) => logLines.push(line) });
  const gate = createMediaGate({ edgeFunction, origin: proxy, log });
  const server = await listenOnLoopback(createServer((request, response) => void gate(request, response)));
  servers.push(server, origin);
  proxies.push(proxy);
  return server.url;
}

test("an accepted request reaches the origin with the function's path and the original query", async () => {
  let seen: ViewerRequestEvent | null = null;
  const url = await startGate(async (event) => {
    seen = structuredClone(event);
    event.request.uri = '/live/x/media.m3u8';
    return event.request;
  });
  const path = '/t/token/live/x/media.m3u8';
  expect(await (await fetch(`${url}${path}?_HLS_msn=7&_HLS_part=1`)).text()).toBe(
    '/live/x/media.m3u8?_HLS_msn=7&_HLS_part=1',
  );
  expect(seen).toMatchObject({
    viewer: { ip: expect.stringContaining('127.0.0.1') },
    request: { method: 'GET', uri: path, querystring: { _HLS_msn: { value: '7' }, _HLS_part: { value: '1' } } },
  });
  expect(await (await fetch(`${url}${path}`)).text()).toBe('/live/x/media.m3u8');
});

test("the function's own answer is sent to the viewer", async () => {
  const url = await startGate(async () => ({
    statusCode: 403,
    statusDescription: 'Forbidden',
    headers: { 'content-type': { value: 'text/plain' } },
    body: { encoding: 'text', data: 'no\n' },
  }));
  const response = await fetch(`${url}/live/x/media.m3u8`);
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
    403,
    'text/plain',
    'no\n',
  ]);
});

test('if the function fails, nobody is let in and the log says why', async () => {
  const url = await startGate(async () => {
    throw new Error('broken function');
  });
  expect((await fetch(`${url}/live/x/media.m3u8`)).status).toBe(503);
  expect(logLines.join()).toContain('broken function');
});
