import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { probeStream } from '#player/stream-probe.ts';

let server: Server;

async function serve(status: number, body: string): Promise<string> {
  server = createServer((_request, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/id/status.json`;
}

afterEach(() => {
  server.close();
});

test.each([
  ['absent', 200, '{"status":"idle"}'],
  ['live', 200, '{"status":"live"}'],
  ['over', 200, '{"status":"ended"}'],
  ['unreachable', 200, '{"status":"unheard-of"}'],
  ['unreachable', 200, '{}'],
  ['unreachable', 200, 'null'],
  ['unreachable', 200, '<html>'],
  ['unreachable', 200, ''],
  ['unreachable', 404, '{"status":"live"}'],
  ['unreachable', 403, ''],
  ['unreachable', 503, ''],
])('a public stream is %s after %i %s', async (expected, status, body) => {
  expect(await probeStream({ statusUrl: await serve(status, body), isProtected: false }, fetch)).toBe(expected);
});

test.each([
  ['live', 200, '{"status":"live"}'],
  ['refused', 403, ''],
  ['unreachable', 503, ''],
])('a protected stream is %s after %i %s', async (expected, status, body) => {
  expect(await probeStream({ statusUrl: await serve(status, body), isProtected: true }, fetch)).toBe(expected);
});

test('a stream is unreachable if nothing listens', async () => {
  const statusUrl = await serve(200, '{"status":"live"}');
  server.close();
  await once(server, 'close');
  expect(await probeStream({ statusUrl, isProtected: false }, fetch)).toBe('unreachable');
});
