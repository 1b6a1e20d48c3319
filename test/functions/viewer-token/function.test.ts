import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { previewPlaybackId } from '#domain/playback-ids.ts';
import { generatePlaybackId } from '#domain/stream-ids.ts';
import { makeViewerToken, VIEWER_TOKEN_KEYS_NAME } from '#domain/viewer-tokens.ts';
import type { EdgeResponse, ViewerRequestEvent } from '#functions/viewer-token/edge-event.ts';
import { hmacSha256, nextViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { bundleEdgeFunction } from '#scripts/bundle.ts';
import { loadEdgeFunction } from '#scripts/local/edge-function.ts';

const publicId = generatePlaybackId('public', randomBytes);
const protectedId = generatePlaybackId('token', randomBytes);
const former = nextViewerTokenKeys(null, randomBytes);
const keys = nextViewerTokenKeys(former, randomBytes);
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const make = (changes: Partial<Parameters<typeof makeViewerToken>[0]> = {}) =>
  makeViewerToken({ playbackId: protectedId, expiresAtSeconds: inSeconds(600), keys, ...changes }, hmacSha256);

let code: string;
let outDir: string;
const logLines: string[] = [];

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'headend-edge-'));
  const { path } = await bundleEdgeFunction('viewer-token', outDir);
  expect(path).toBe(join(outDir, 'viewer-token', 'function.js'));
  code = await readFile(path, 'utf8');
});
afterAll(() => rm(outDir, { recursive: true }));

const toEvent = (uri: string): ViewerRequestEvent => ({
  version: '1.0',
  context: { eventType: 'viewer-request' },
  viewer: { ip: '192.0.2.1' },
  request: {
    method: 'GET',
    uri,
    querystring: { _HLS_msn: { value: '7' } },
    headers: { host: { value: 'live.example.com' } },
    cookies: {},
  },
});

/** Runs the function. Returns the path of the request that goes on, or the refusal. */
async function run(
  uri: string,
  keyValues: Record<string, string> = { [VIEWER_TOKEN_KEYS_NAME]: JSON.stringify(keys) },
) {
  const log = pino({}, { write: (line) => logLines.push(line) });
  const handler = loadEdgeFunction({ code, keyValues: new Map(Object.entries(keyValues)), log });
  const event = toEvent(uri);
  const result = await handler(event);
  if ('statusCode' in result) return { status: result.statusCode, response: result as EdgeResponse };
  expect(result).toBe(event.request);
  expect({ ...result, uri }).toEqual(toEvent(uri).request);
  return { uri: result.uri };
}

const FILES = [
  'master.m3u8',
  'status.json',
  'poster.jpg',
  '720p/media.m3u8',
  '720p/7-init.mp4',
  'audio/7-100.m4s',
  'audio/7-100.3.m4s',
  'ahead-4300/time.txt',
];

describe.each(FILES)('%s', (file) => {
  test('of a public stream passes, and needs no keys', async () => {
    const uri = `/live/${publicId}/${file}`;
    expect(await run(uri, {})).toEqual({ uri });
  });

  test('of a public stream passes with any token, under the path that all viewers share', async () => {
    expect(await run(`/t/${make()}/live/${publicId}/${file}`, {})).toEqual({ uri: `/live/${publicId}/${file}` });
  });

  test('of a protected stream passes with a token, under the path that all viewers share', async () => {
    expect(await run(`/t/${make()}/live/${protectedId}/${file}`)).toEqual({ uri: `/live/${protectedId}/${file}` });
  });

  test('of the preview of a public stream passes with a token of its own only', async () => {
    const previewId = previewPlaybackId(publicId);
    const uri = `/live/${previewId}/${file}`;
    expect(await run(`/t/${make({ playbackId: previewId })}${uri}`)).toEqual({ uri });
    expect(await run(uri)).toMatchObject({ status: 403 });
    expect(await run(`/t/${make({ playbackId: publicId })}${uri}`)).toMatchObject({ status: 403 });
  });

  test('of a protected stream is refused without a token', async () => {
    expect(await run(`/live/${protectedId}/${file}`)).toMatchObject({ status: 403 });
  });
});

test.each([
  ['an expired token', () => make({ expiresAtSeconds: inSeconds(-1) })],
  ["another stream's token", () => make({ playbackId: generatePlaybackId('token', randomBytes) })],
  ['a token of a key that was removed', () => make({ keys: nextViewerTokenKeys(null, randomBytes) })],
  ['a token without its last character', () => make().slice(0, -1)],
  ['a token with an escape', () => make().replace('.', '%2e')],
  ['no token', () => 'x'],
  ['a key id that every object has', () => `constructor.${inSeconds(60)}.${'a'.repeat(43)}`],
])('%s is refused', async (_case, token) => {
  expect(await run(`/t/${token()}/live/${protectedId}/master.m3u8`)).toMatchObject({ status: 403 });
});

test('a token of the former key passes', async () => {
  const uri = `/t/${make({ keys: former })}/live/${protectedId}/master.m3u8`;
  expect(await run(uri)).toEqual({ uri: `/live/${protectedId}/master.m3u8` });
});

describe.each([
  ['public', publicId],
  ['protected', protectedId],
])('health.json of a %s stream', (_case, playbackId) => {
  const makeFor = (use: 'viewing' | 'health') => make({ playbackId, use });

  test('passes with a token for just that, under the path that all share', async () => {
    const uri = `/live/${playbackId}/health.json`;
    expect(await run(`/t/${makeFor('health')}${uri}`)).toEqual({ uri });
  });

  test('is refused without a token, with a token for viewers, with that of another stream, and without keys', async () => {
    const uri = `/live/${playbackId}/health.json`;
    const another = make({ playbackId: generatePlaybackId('public', randomBytes), use: 'health' });
    expect(await run(uri)).toMatchObject({ status: 403 });
    expect(await run(uri, {})).toMatchObject({ status: 403 });
    expect(await run(`/t/${makeFor('viewing')}${uri}`)).toMatchObject({ status: 403 });
    expect(await run(`/t/${another}${uri}`)).toMatchObject({ status: 403 });
    expect(await run(`/t/${makeFor('health')}${uri}`, {})).toMatchObject({ status: 503 });
  });
});

test('a token for the health opens no media', async () => {
  const token = make({ use: 'health' });
  for (const file of FILES) expect(await run(`/t/${token}/live/${protectedId}/${file}`)).toMatchObject({ status: 403 });
});

test('a refusal has a status that pages of other origins can read, and no headers for caches', async () => {
  const { response } = await run(`/live/${protectedId}/master.m3u8`);
  expect(response).toEqual({
    statusCode: 403,
    statusDescription: 'Forbidden',
    headers: {
      'content-type': { value: 'text/plain; charset=utf-8' },
      'access-control-allow-origin': { value: '*' },
      'x-content-type-options': { value: 'nosniff' },
    },
    body: { encoding: 'text', data: 'this stream asks for a viewer token\n' },
  });
});

test.each([
  ['an escaped id', () => `/live/%74${protectedId.slice(1)}/master.m3u8`],
  ['dot segments', () => `/live/${publicId}/../${protectedId}/master.m3u8`],
  ['dot segments behind a token', () => `/t/x/live/${publicId}/../${protectedId}/master.m3u8`],
  ['escaped dot segments', () => `/live/${publicId}/%2e%2e/${protectedId}/master.m3u8`],
  ['an empty segment', () => `/live//${protectedId}/master.m3u8`],
  ['another empty segment', () => `/live/${publicId}//${protectedId}/master.m3u8`],
  ['capital letters', () => `/live/${protectedId.toUpperCase()}/master.m3u8`],
  ['a backslash', () => `/live/${publicId}\\..\\${protectedId}/master.m3u8`],
  ['a line feed', () => `/live/${protectedId}/master.m3u8\n`],
  ['two tokens', () => `/t/x/t/${make()}/live/${protectedId}/master.m3u8`],
  ['no file', () => `/live/${publicId}`],
  ['no stream', () => '/t/x/live/'],
])('a path with %s is not found', async (_case, uri) => {
  expect(await run(uri())).toMatchObject({ status: 404 });
});

// Some of them match the path pattern of a media behavior.
test.each([
  '/',
  '/live%2fx/master.m3u8',
  '/watch/x',
  '/api/health',
  '/alive/x/status.json',
  '/test/live/x',
  `/x/live/${protectedId}/master.m3u8`,
  `/live/../live/${protectedId}/master.m3u8`,
  `//live/${protectedId}/master.m3u8`,
])('%s is unknown, and so not found', async (uri) => {
  expect(await run(uri)).toMatchObject({ status: 404 });
});

test.each([
  ['are missing', {}],
  ['are not JSON', { [VIEWER_TOKEN_KEYS_NAME]: 'x' }],
])('if the keys %s, nobody gets in, and the log says why', async (_case, keyValues) => {
  logLines.length = 0;
  expect(await run(`/t/${make()}/live/${protectedId}/master.m3u8`, keyValues)).toMatchObject({ status: 503 });
  expect(logLines.join()).toContain('the keys of viewer tokens cannot be read');
  expect(await run(`/live/${protectedId}/master.m3u8`, keyValues)).toMatchObject({ status: 403 });
});

test('the code is small, defines its handler, exports nothing, and imports only modules of the runtime', () => {
  expect(code.length).toBeLessThan(10_240);
  expect(code).toMatch(/^async function handler\(event\) \{$/m);
  expect(code).not.toMatch(/\bexport\b/);
  expect([...code.matchAll(/^import .* from "(.*)";$/gm)].map(([, name]) => name)).toEqual(['cloudfront', 'crypto']);
  // Syntax that esbuild lets through and the runtime lacks.
  expect(code).not.toMatch(/\?\?|\?\.[a-z[(]|\.\.\.|\bclass\b|\bof\b \w+\)/);
});
