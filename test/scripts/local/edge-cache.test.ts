import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { hlsFileKind, initFileName, partFileName, segmentFileName } from '#domain/hls-files.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { waitFor } from '#kit/wait-for.ts';
import { EdgeCache } from '#scripts/local/edge-cache.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';
import { OriginProxy } from '#scripts/local/origin-proxy.ts';
import { deferred } from '#test/support/deferred.ts';

const FOLDER = '/live/abcdefghijklmnop/360p';
const SEGMENT = `${FOLDER}/${segmentFileName(1, 2)}`;
const IMMUTABLE = hlsFileKind('segment').cacheControl;
const HIT = 'Hit from local edge';
const MISS = 'Miss from local edge';

const cleanups: (() => unknown)[] = [];
let nowMs = 1_000_000;
let cache: EdgeCache;
let asked: string[];

beforeEach(() => {
  cache = new EdgeCache({ now: () => nowMs });
  asked = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(listener: RequestListener): Promise<ListeningServer> {
  const server = await listenOnLoopback(createServer(listener));
  cleanups.push(() => server.close());
  return server;
}

/** Starts an edge in front of an origin. Returns a function that fetches a path from it. */
async function startEdge(answer: RequestListener) {
  const origin = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  const proxy = new OriginProxy({ originUrls: () => [origin.url], edgeSecret: generateSecret(randomBytes), cache });
  cleanups.push(() => proxy.close());
  const { url } = await serve((request, response) => proxy.pass(request, response));
  return async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${url}${path}`, init);
    const { headers, status } = response;
    const body = await response.text();
    return { status, body, xCache: headers.get('x-cache'), age: headers.get('age'), type: headers.get('content-type') };
  };
}

const answerWith =
  (status: number, headers: Record<string, string>, body = 'media'): RequestListener =>
  (_request, response) =>
    void response
      .writeHead(status, { 'content-length': body.length, 'content-type': 'video/mp4', ...headers })
      .end(body);

test.each([SEGMENT, `${FOLDER}/${partFileName(1, 2, 3)}`, `${FOLDER}/${initFileName(1)}`])(
  '%s is fetched once, and has its age',
  async (path) => {
    const get = await startEdge(answerWith(200, { 'cache-control': IMMUTABLE }));
    expect(await get(path)).toEqual({ status: 200, body: 'media', xCache: MISS, age: null, type: 'video/mp4' });
    nowMs += 7_900;
    // No query string is part of the key.
    expect(await get(`${path}?x=1`)).toEqual({ status: 200, body: 'media', xCache: HIT, age: '7', type: 'video/mp4' });
    expect(asked).toEqual([`GET ${path}`]);
  },
);

test.each<[string, string, number, Record<string, string>]>([
  ['a playlist', `${FOLDER}/media.m3u8`, 200, { 'cache-control': IMMUTABLE }],
  ['media that may change', SEGMENT, 200, { 'cache-control': 'public, max-age=1' }],
  ['media without a lifetime', SEGMENT, 200, {}],
  ['what is missing', SEGMENT, 404, { 'cache-control': IMMUTABLE }],
  ['a part of a file', SEGMENT, 206, { 'cache-control': IMMUTABLE }],
  ['a file of no kind', '/live/abcdefghijklmnop/x.txt', 200, { 'cache-control': IMMUTABLE }],
])('%s is not kept', async (_name, path, status, headers) => {
  const get = await startEdge(answerWith(status, headers));
  for (let turn = 0; turn < 2; turn += 1) expect(await get(path)).toMatchObject({ status, xCache: MISS });
  expect(asked).toHaveLength(2);
});

test('a request for a range or without a body goes to the origin', async () => {
  const get = await startEdge(answerWith(200, { 'cache-control': IMMUTABLE }));
  await get(SEGMENT);
  expect(await get(SEGMENT, { headers: { range: 'bytes=0-1' } })).toMatchObject({ xCache: MISS });
  expect(await get(SEGMENT, { method: 'HEAD' })).toMatchObject({ xCache: MISS });
  expect(asked).toHaveLength(3);
});

test('a file that broke off is not kept', async () => {
  let isBroken = true;
  const get = await startEdge((_request, response) => {
    response.writeHead(200, { 'content-length': 5, 'cache-control': IMMUTABLE });
    if (!isBroken) return void response.end('media');
    response.write('me', () => response.destroy());
  });
  await expect(get(SEGMENT)).rejects.toThrow();
  isBroken = false;
  expect(await get(SEGMENT)).toMatchObject({ body: 'media', xCache: MISS });
});

test('an invalidation takes the files at a path, or below it, and no others', async () => {
  const get = await startEdge(answerWith(200, { 'cache-control': IMMUTABLE }));
  const other = SEGMENT.replace('abcdefghijklmnop', 'ponmlkjihgfedcba');
  const init = `${FOLDER}/${initFileName(1)}`;
  for (const path of [SEGMENT, init, other]) await get(path);
  cache.invalidate(init);
  expect((await get(init)).xCache).toBe(MISS);
  cache.invalidate('/live/abcdefghijklmnop/*');
  for (const path of [SEGMENT, init]) expect((await get(path)).xCache).toBe(MISS);
  expect((await get(other)).xCache).toBe(HIT);
});

test('a file that was asked for before an invalidation is not kept after it', async () => {
  const [isAsked, mayAnswer] = [deferred(), deferred()];
  const get = await startEdge(async (_request, response) => {
    isAsked.resolve();
    await mayAnswer.promise;
    answerWith(200, { 'cache-control': IMMUTABLE })(_request, response);
  });
  const getting = get(SEGMENT);
  await isAsked.promise;
  cache.invalidate('/live/abcdefghijklmnop/*');
  mayAnswer.resolve();
  expect((await getting).body).toBe('media');
  expect((await get(SEGMENT)).xCache).toBe(MISS);
});

test('the cache holds 64 MiB, and forgets what was not asked for longest', async () => {
  const body = 'x'.repeat(8 * 1024 * 1024);
  const get = await startEdge(answerWith(200, { 'cache-control': IMMUTABLE }, body));
  const paths = Array.from({ length: 9 }, (_, msn) => `${FOLDER}/${segmentFileName(1, msn)}`);
  for (const path of paths) await get(path);
  await waitFor('the last file', () => cache.find(paths[8] ?? '') !== undefined);
  expect(paths.filter((path) => cache.find(path) !== undefined)).toEqual(paths.slice(1));
});
