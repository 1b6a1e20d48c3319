import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { followParts } from '#scripts/bench/part-latency.ts';

const HEADER = ['#EXTM3U', '#EXT-X-MEDIA-SEQUENCE:7'];
const segment = (startMs: number, parts: number, uri: string | null) => [
  `#EXT-X-PROGRAM-DATE-TIME:${new Date(startMs).toISOString()}`,
  ...Array.from({ length: parts }, (_, part) => `#EXT-X-PART:DURATION=0.5,URI="${part}.m4s"`),
  ...(uri === null ? [] : ['#EXTINF:1,', uri]),
];

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Starts a server that answers with the given playlists in order, then never. Resolves to the folder's URL. */
async function serve(playlists: readonly (readonly string[])[], asked: string[]): Promise<string> {
  const rest = [...playlists];
  server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://origin').search);
    const playlist = rest.shift();
    if (playlist !== undefined) response.end(playlist.join('\n'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/720p`;
}

test('measures each new part from its end and requests the next one', async () => {
  const startMs = Date.now() - 100_000;
  const first = [...HEADER, ...segment(startMs, 1, null)];
  const second = [...HEADER, ...segment(startMs, 2, '7.m4s'), ...segment(startMs + 1_000, 1, null)];
  const asked: string[] = [];
  const url = await serve([first, second], asked);
  const done = new AbortController();
  const latenciesMs: number[] = [];
  const beforeMs = Date.now();
  await followParts(url, done.signal, (ms) => {
    latenciesMs.push(ms);
    if (latenciesMs.length === 2) done.abort();
  });
  expect(asked.slice(0, 2)).toEqual(['', '?_HLS_msn=7&_HLS_part=1']);
  expect(latenciesMs).toHaveLength(2);
  expect(latenciesMs[0]).toBe((latenciesMs[1] ?? 0) + 500);
  expect(latenciesMs[0]).toBeGreaterThanOrEqual(beforeMs - (startMs + 1_000));
});

test('an error response is an error', async () => {
  server = createServer((_, response) => response.writeHead(404).end('gone')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/720p`;
  await expect(followParts(url, new AbortController().signal, () => undefined)).rejects.toThrow('404 gone');
});
