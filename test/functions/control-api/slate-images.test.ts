import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hashSecret } from '#domain/stream-ids.ts';
import { DEFAULT_CALLER_RATES } from '#functions/control-api/caller-limits.ts';
import { decide } from '#functions/ingest-auth/decide.ts';
import { StoreUnavailableError } from '#runtime/store-unavailable.ts';
import { startControlApi } from '#test/support/control-api.ts';
import { GREEN, makePng } from '#test/support/pictures.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const PNG = makePng({ width: 64, height: 36, colour: GREEN });
const JPEG = readFileSync(fileURLToPath(new URL('../../../docs/watch-page.jpg', import.meta.url)));
const SHOWN_PNG = { type: 'image/png', width: 64, height: 36, bytes: PNG.length };

let api: ApiWithDatabase;
beforeAll(async () => {
  const perToken = { perSecond: 1e6, capacity: 1e6 };
  api = await startApiWithDatabase(Date.now, { callerRates: { ...DEFAULT_CALLER_RATES, perToken } });
});
afterAll(() => api.close());

async function createStream() {
  const { json } = await api.call('POST', '/api/streams');
  return { id: json.id as string, streamKey: json.streamKey as string, path: `/api/streams/${json.id}` };
}

interface PutOptions {
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
}

function put(path: string, body: Buffer, { type = 'image/png', headers = {}, url = api.url }: PutOptions = {}) {
  const all = { Authorization: `Bearer ${api.tokens[0]}`, 'Content-Type': type, ...headers };
  return fetch(`${url}${path}/slate-image`, { method: 'PUT', headers: all, body: new Uint8Array(body) });
}

const get = (path: string) =>
  fetch(`${api.url}${path}/slate-image`, { headers: { Authorization: `Bearer ${api.tokens[0]}` } });

async function expectRefusal(response: Response, status: number, reason: string): Promise<void> {
  const problem = await response.json();
  expect([response.status, problem.detail]).toEqual([status, expect.stringContaining(reason)]);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
}

test('a picture can be given, fetched, replaced and taken away', async () => {
  const { id, path } = await createStream();
  expect((await api.call('GET', path)).json.slateImage).toBeNull();
  await expectRefusal(await get(path), 404, 'no picture of its own');

  const response = await put(path, PNG);
  expect([response.status, response.headers.get('ETag')]).toEqual([200, '"2"']);
  expect(await response.json()).toMatchObject({ id, version: 2, slateImage: SHOWN_PNG });
  expect((await api.call('GET', path)).json.slateImage).toEqual(SHOWN_PNG);
  const list = (await api.call('GET', '/api/streams?limit=100')).json.streams;
  expect(list.find((stream: { id: string }) => stream.id === id).slateImage).toEqual(SHOWN_PNG);
  const fetched = await get(path);
  expect([fetched.status, fetched.headers.get('Content-Type')]).toEqual([200, 'image/png']);
  expect(fetched.headers.get('X-Content-Type-Options')).toBe('nosniff');
  expect(Buffer.from(await fetched.arrayBuffer())).toEqual(PNG);

  const other = await put(path, JPEG, { type: 'image/jpeg; charset=binary' });
  expect(await other.json()).toMatchObject({
    version: 3,
    slateImage: { type: 'image/jpeg', width: 1280, height: 800 },
  });
  expect(Buffer.from(await (await get(path)).arrayBuffer())).toEqual(JPEG);

  for (const _attempt of ['first', 'repeat'])
    expect((await api.call('DELETE', `${path}/slate-image`)).status).toBe(204);
  expect((await api.call('GET', path)).json).toMatchObject({ version: 4, slateImage: null });
  expect((await get(path)).status).toBe(404);
  expect(await api.slateImages.get(id)).toBeNull();
});

test('the same picture again changes nothing', async () => {
  const { path } = await createStream();
  await put(path, PNG);
  expect(await (await put(path, PNG)).json()).toMatchObject({ version: 2 });
  expect((await api.call('PATCH', path, { body: { title: 'Other' } })).json.slateImage).toEqual(SHOWN_PNG);
});

test('a publisher is let in with the hash of the picture, so that an encoder sees that it has changed', async () => {
  const { streamKey, path } = await createStream();
  const allow = async () => {
    const stream = await api.streams.findByKeyHash(hashSecret(streamKey));
    return decide(stream, { streamKey, sourceAddress: '192.0.2.1' }, Date.now());
  };
  expect(await allow()).not.toHaveProperty('stream.slateImage');
  await put(path, PNG);
  const first = await allow();
  expect(first).toHaveProperty('stream.slateImage', expect.stringMatching(/^[0-9a-f]{64}$/));
  await put(path, JPEG, { type: 'image/jpeg' });
  expect(await allow()).not.toEqual(first);
});

test.each<[string, Buffer, string, number, string]>([
  ['nothing', Buffer.alloc(0), 'image/png', 422, 'empty'],
  ['a GIF that says so', Buffer.from('GIF89a'), 'image/gif', 415, 'image/png or image/jpeg'],
  ['a GIF that says it is a PNG', Buffer.from('GIF89a'), 'image/png', 422, 'neither a PNG nor a JPEG'],
  ['JSON', Buffer.from('{"url":"http://192.0.2.1/"}'), 'application/json', 415, 'image/png or image/jpeg'],
  ['a JPEG that says it is a PNG', JPEG, 'image/png', 422, 'is image/jpeg, and not image/png'],
  ['half of a PNG', PNG.subarray(0, PNG.length / 2), 'image/png', 422, 'cut off'],
  ['half of a JPEG', JPEG.subarray(0, JPEG.length / 2), 'image/jpeg', 422, 'cut off'],
  ['300,001 bytes', Buffer.concat([PNG, Buffer.alloc(300_001 - PNG.length)]), 'image/png', 413, '300000 bytes'],
])('%s is refused in words', async (_name, body, type, status, reason) => {
  const { id, path } = await createStream();
  await expectRefusal(await put(path, body, { type }), status, reason);
  expect((await api.call('GET', path)).json).toMatchObject({ version: 1, slateImage: null });
  expect(await api.slateImages.get(id)).toBeNull();
});

test('a picture of 300,000 bytes is stored, and no other body may be as long', async () => {
  const { path } = await createStream();
  // A comment before its end.
  const bytes = Buffer.alloc(300_000 - PNG.length);
  bytes.writeUInt32BE(bytes.length - 12);
  bytes.write('tEXt', 4);
  const largest = Buffer.concat([PNG.subarray(0, -12), bytes, PNG.subarray(-12)]);
  expect((await put(path, largest)).status).toBe(200);
  expect(Buffer.from(await (await get(path)).arrayBuffer())).toEqual(largest);
  const body = { title: 'a'.repeat(20_000) };
  expect((await api.call('PATCH', path, { body })).status).toBe(413);
  expect((await api.call('DELETE', `${path}/slate-image`, { body })).status).toBe(413);
});

test('whoever may change the stream may, and nobody else', async () => {
  const { id, path } = await createStream();
  const other = await createStream();
  const tokenFor = async (body: object) => {
    const { json } = await api.call('POST', '/api/tokens', { body: { name: 'a', ...body } });
    return { headers: { Authorization: `Bearer ${json.token}` } };
  };
  const stranger = { headers: { Authorization: 'Bearer x' } };
  expect((await put(path, PNG, stranger)).status).toBe(401);
  expect((await put(path, PNG, await tokenFor({ scope: 'streams:read' }))).status).toBe(403);
  expect((await put(path, PNG, await tokenFor({ scope: 'streams:write', streamId: other.id }))).status).toBe(404);
  expect((await put('/api/streams/aaaaaaaaaaaaaaaa', PNG)).status).toBe(404);
  expect((await put(path, PNG, await tokenFor({ scope: 'streams:write', streamId: id }))).status).toBe(200);
});

test('a change must be of the version that it names', async () => {
  const { path } = await createStream();
  await put(path, PNG);
  const stale = { 'If-Match': '"1"' };
  expect((await put(path, JPEG, { type: 'image/jpeg', headers: stale })).status).toBe(412);
  expect((await api.call('DELETE', `${path}/slate-image`, stale)).status).toBe(412);
  expect((await put(path, JPEG, { type: 'image/jpeg', headers: { 'If-Match': '"2"' } })).status).toBe(200);
});

test('an interrupted change is completed by its repeat', async () => {
  const { path } = await createStream();
  const fail = async () => {
    throw new StoreUnavailableError('throttled');
  };
  const broken = await startControlApi(api.client, Date.now, {
    bootstrapHashes: api.tokens.map(hashSecret),
    slateImages: { ...api.slateImages, put: fail, remove: fail },
  });
  expect((await put(path, PNG, { url: broken.url })).status).toBe(503);
  expect((await get(path)).status).toBe(404);
  expect((await put(path, PNG)).status).toBe(200);
  expect((await get(path)).status).toBe(200);
  const remove = `${path}/slate-image`;
  expect((await broken.call('DELETE', remove, { token: api.tokens[0] })).status).toBe(503);
  expect((await api.call('DELETE', remove)).status).toBe(204);
  await broken.close();
});

test('a deleted stream has no picture, and gets none any more', async () => {
  const { id, path } = await createStream();
  await put(path, PNG);
  expect((await api.call('DELETE', path)).status).toBe(204);
  expect(await api.slateImages.get(id)).toBeNull();
  // One that was on its way when the stream was deleted.
  await api.slateImages.put({ streamId: id, version: 2 }, { type: 'image/png', data: PNG });
  expect(await api.slateImages.get(id)).toBeNull();
  expect((await put(path, PNG)).status).toBe(404);
});

test('the audit trail says what was there before, without the picture', async () => {
  const { id, path } = await createStream();
  await put(path, PNG);
  await put(path, PNG);
  const { entries } = (await api.call('GET', '/api/audit?limit=10')).json;
  const changes = entries.filter(({ action }: { action: string }) => action === 'PUT /api/streams/{id}/slate-image');
  const own = changes.filter(({ streamId }: { streamId: string }) => streamId === id);
  expect(own).toHaveLength(1);
  expect(own[0]).toMatchObject({ before: { version: 1, slateImage: null }, after: { slateImage: SHOWN_PNG } });
  expect(JSON.stringify(own).length).toBeLessThan(2_000);
});
