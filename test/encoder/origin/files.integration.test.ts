import { gunzipSync } from 'node:zlib';
import { HLS_FILE_KINDS, type HlsFileKindName, NOT_FOUND_CACHE_CONTROL } from '#domain/hls-files.ts';
import { withVersion } from '#encoder/origin/status-version.ts';
import { EPOCH, FIRST_MSN, PLAYBACK_ID, RunningOrigin } from './running-origin.ts';

const PATHS: Readonly<Record<HlsFileKindName, string>> = {
  status: 'status.json',
  'stream-health': 'health.json',
  poster: 'poster.jpg',
  time: 'time.txt',
  'dash-manifest': 'manifest.mpd',
  'multivariant-playlist': 'master.m3u8',
  'media-playlist': '480p/media.m3u8',
  'iframe-playlist': '480p/iframes.m3u8',
  init: `480p/${EPOCH}-init.mp4`,
  segment: `480p/${EPOCH}-${FIRST_MSN}.m4s`,
  part: `480p/${EPOCH}-${FIRST_MSN}.1.m4s`,
};

let origin: RunningOrigin;

beforeAll(async () => {
  origin = await RunningOrigin.start();
  origin.feedAll();
});

afterAll(() => origin.server.close());

/** The bytes in the package for a kind of file. */
function bodyOf(kind: 'init' | 'segment' | 'part'): Buffer {
  const timeline = origin.stream.renditions.get('480p');
  const parts = timeline?.segment(EPOCH, FIRST_MSN)?.parts.map(({ data }) => data) ?? [];
  if (kind === 'init') return timeline?.initSection(EPOCH) ?? Buffer.alloc(0);
  return kind === 'segment' ? Buffer.concat(parts) : (parts[1] ?? Buffer.alloc(0));
}

test.each(HLS_FILE_KINDS)('$kind: content type, lifetime and length', async ({ kind, contentType, cacheControl }) => {
  const { status, headers, body } = await origin.ask(PATHS[kind]);
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': contentType,
    'cache-control': cacheControl,
    'content-length': String(body.length),
    'x-content-type-options': 'nosniff',
    'access-control-allow-origin': '*',
    'access-control-expose-headers': expect.stringContaining('Age'),
  });
  expect(headers.etag).toBeUndefined();
  expect(headers['transfer-encoding']).toBeUndefined();
});

test.each(['init', 'segment', 'part'] as const)('%s: of the rendition of sound, it is no video', async (kind) => {
  const { status, headers } = await origin.ask(PATHS[kind].replace('480p', 'audio'));
  expect([status, headers['content-type']]).toEqual([200, 'audio/mp4']);
});

test.each(['init', 'segment', 'part'] as const)('%s: the body has the packaged bytes', async (kind) => {
  expect((await origin.ask(PATHS[kind])).body).toEqual(bodyOf(kind));
});

test.each(HLS_FILE_KINDS)('$kind: HEAD has the headers of GET and no body', async ({ kind }) => {
  const get = await origin.ask(PATHS[kind]);
  const head = await origin.ask(PATHS[kind], { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
  expect(head.body).toHaveLength(0);
});

describe('ranges', () => {
  const LENGTH = 1000;

  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-99', 0, 100],
    ['BYTES=5-5', 5, 6],
    ['bytes=900-', 900, null],
    ['bytes=-1', -1, null],
    ['bytes=-999999999', 0, null],
    ['bytes=10-999999999', 10, null],
  ])('%s', async (range, from, to) => {
    const whole = bodyOf('segment');
    expect(whole.length).toBeGreaterThan(LENGTH);
    const { status, headers, body } = await origin.ask(PATHS.segment, { headers: { range } });
    const expected = whole.subarray(from, to ?? whole.length);
    const start = from < 0 ? whole.length + from : from;
    expect(status).toBe(206);
    expect(body).toEqual(expected);
    expect(headers['content-range']).toBe(`bytes ${start}-${start + expected.length - 1}/${whole.length}`);
    expect(headers['content-length']).toBe(String(expected.length));
  });

  test('that span several parts are joined', async () => {
    const whole = bodyOf('segment');
    const first = origin.stream.renditions.get('480p')?.segment(EPOCH, FIRST_MSN)?.parts[0]?.data.length ?? 0;
    const { body } = await origin.ask(PATHS.segment, { headers: { range: `bytes=${first - 3}-${first + 2}` } });
    expect(body).toEqual(whole.subarray(first - 3, first + 3));
  });

  test.each(['bytes=999999999-', 'bytes=999999998-999999999', 'bytes=-0'])('%s cannot be satisfied', async (range) => {
    const { status, headers, body } = await origin.ask(PATHS.segment, { headers: { range } });
    expect(status).toBe(416);
    expect(headers['content-range']).toBe(`bytes */${bodyOf('segment').length}`);
    expect(headers['cache-control']).toBeUndefined();
    expect(body).toHaveLength(0);
  });

  test.each([
    ['bytes=5-2'],
    ['bytes=0-1,5-6'],
    ['bytes=-'],
    ['bytes=a-b'],
    ['bytes=0x1-2'],
    ['items=0-1'],
    ['bytes=1'],
    [''],
    [`bytes=0-${'9'.repeat(40)}`],
  ])('"%s" is ignored', async (range) => {
    const { status, body } = await origin.ask(PATHS.segment, { headers: { range } });
    expect(status).toBe(200);
    expect(body).toEqual(bodyOf('segment'));
  });

  test('are ignored with If-Range, with HEAD and for playlists', async () => {
    const headers = { range: 'bytes=0-0' };
    const statuses = [
      await origin.ask(PATHS.segment, { headers: { ...headers, 'if-range': '"x"' } }),
      await origin.ask(PATHS.segment, { headers, method: 'HEAD' }),
      await origin.ask(PATHS['media-playlist'], { headers }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200]);
  });
});

describe('compression', () => {
  test.each(['multivariant-playlist', 'media-playlist'] as const)('%s decompresses to the same text', async (kind) => {
    const plain = await origin.ask(PATHS[kind]);
    const compressed = await origin.ask(PATHS[kind], { headers: { 'accept-encoding': 'br, gzip' } });
    expect(compressed.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(compressed.body.length),
    });
    expect(gunzipSync(compressed.body)).toEqual(plain.body);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect([plain.headers.vary, compressed.headers.vary]).toEqual(['Accept-Encoding', 'Accept-Encoding']);
  });

  test.each([
    ['gzip', true],
    ['GZIP;q=0.5', true],
    ['gzip;q=1.0, identity', true],
    ['gzip;q=0', false],
    ['gzip; q=0.000, br', false],
    ['identity', false],
    ['deflate, br', false],
    ['', false],
  ])('Accept-Encoding "%s": %s', async (acceptEncoding, isCompressed) => {
    const { headers } = await origin.ask('480p/media.m3u8', { headers: { 'accept-encoding': acceptEncoding } });
    expect(headers['content-encoding']).toBe(isCompressed ? 'gzip' : undefined);
  });

  test('media is not compressed', async () => {
    const { headers, body } = await origin.ask(PATHS.segment, { headers: { 'accept-encoding': 'gzip' } });
    expect(headers['content-encoding']).toBeUndefined();
    expect(body).toEqual(bodyOf('segment'));
  });
});

describe('methods', () => {
  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE'])('%s is not allowed', async (method) => {
    const { status, headers } = await origin.ask(PATHS.segment, { method });
    expect(status).toBe(405);
    expect(headers.allow).toBe('GET, HEAD, OPTIONS');
  });

  test('OPTIONS answers a preflight', async () => {
    const { status, headers, body } = await origin.ask(PATHS.segment, { method: 'OPTIONS' });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'Range',
    });
    expect(body).toHaveLength(0);
  });
});

test('/health answers alive and must not be cached', async () => {
  const { status, headers, body } = await origin.ask('/health');
  expect(status).toBe(200);
  expect(JSON.parse(body.toString())).toEqual({ status: 'alive' });
  expect(headers['cache-control']).toBe('no-store');
});

test('status.json has an answer for any playback id', async () => {
  const statusOf = async (path: string, at = origin): Promise<unknown> => {
    const { version, ...status } = JSON.parse((await at.ask(path)).body.toString());
    expect(version).toBe(withVersion(status, null).version);
    return status;
  };
  expect(await statusOf('status.json')).toEqual({ status: 'live' });
  expect(await statusOf('/live/zzzzzzzzzzzzzzzz/status.json')).toEqual({ status: 'unknown' });
  expect(await statusOf('/live/tzzzzzzzzzzzzzzzz/status.json')).toEqual({ status: 'unknown' });
  const other = await RunningOrigin.start();
  expect(await statusOf('status.json', other)).toEqual({ status: 'idle' });
  other.feedAll();
  other.stream.end();
  expect(await statusOf('status.json', other)).toEqual({ status: 'ended' });
  await other.server.close();
});

describe('a URL that does not exist', () => {
  test.each([
    ['a stream', '/live/zzzzzzzzzzzzzzzz/master.m3u8'],
    ['a stream with a rendition', '/live/zzzzzzzzzzzzzzzz/480p/media.m3u8'],
    ['a rendition', '1080p/media.m3u8'],
    ['an inherited property', 'toString/media.m3u8'],
    ['an epoch', `480p/${EPOCH + 1}-init.mp4`],
    ['a segment', `480p/${EPOCH}-99.m4s`],
    ['a segment of another epoch', `480p/${EPOCH + 1}-${FIRST_MSN}.m4s`],
    ['a part', `480p/${EPOCH}-${FIRST_MSN}.9.m4s`],
    ['a part far ahead', `480p/${EPOCH}-${FIRST_MSN + 50}.0.m4s`],
    ['a file kind', '480p/index.html'],
    ['a number with a leading zero', `480p/0${EPOCH}-init.mp4`],
    ['an escape', `480p/%37-init.mp4`],
    ['a path in other letters', `480P/${EPOCH}-init.mp4`],
    ['a trailing slash', 'master.m3u8/'],
    ['a traversal', '480p/../../../../etc/passwd'],
    ['an encoded traversal', '480p/..%2f..%2f..%2fetc/passwd'],
    ['a traversal to a real file', `360p/../480p/${EPOCH}-init.mp4`],
    ['a doubled slash', `//live/${PLAYBACK_ID}/master.m3u8`],
    ['the folder', `/live/${PLAYBACK_ID}/`],
    ['the root', '/'],
    ['a zero byte', '480p/media.m3u8%00'],
    ['a long URL', `master.m3u8?${'x'.repeat(600)}`],
  ])('%s is a 404 with a lifetime of one second', async (_, path) => {
    const { status, headers } = await origin.ask(path);
    expect(status).toBe(404);
    expect(headers['cache-control']).toBe(NOT_FOUND_CACHE_CONTROL);
    expect(headers['access-control-allow-origin']).toBe('*');
  });

  test('an extremely long URL is refused', async () => {
    expect((await origin.ask(`/${'x'.repeat(20_000)}`)).status).toBe(431);
  });

  test('an unrelated query changes nothing', async () => {
    expect((await origin.ask(`${PATHS.segment}?v=1`)).status).toBe(200);
    expect((await origin.ask('480p/media.m3u8?v=1&_HLS=2')).headers['cache-control']).toBe('public, max-age=1');
  });
});

test('none of these requests caused an unexpected error', () => {
  expect(origin.errors).toEqual([]);
});
