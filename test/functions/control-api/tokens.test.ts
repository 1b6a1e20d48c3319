import { randomBytes } from 'node:crypto';
import { LAST_USE_INTERVAL_MS, UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { RECORD_CACHE_MS } from '#functions/control-api/recent-records.ts';
import { waitFor } from '#kit/wait-for.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');
let nowMs: number;
let api: ApiWithDatabase;

beforeEach(async () => {
  nowMs = NOW_MS;
  api = await startApiWithDatabase(() => nowMs);
});
afterEach(() => api.close());

async function createToken(name = 'Some name') {
  const { json } = await api.call('POST', '/api/tokens', { body: { name } });
  const { token, ...shown } = json;
  return { token, shown, path: `/api/tokens/${shown.id}` };
}

test('a token is shown once, works at once, and only its hash is stored', async () => {
  const { status, headers, json } = await api.call('POST', '/api/tokens', { body: { name: '  Ünïcode 🎥 ' } });
  const { token, ...shown } = json;
  expect(status).toBe(201);
  expect(headers.get('Location')).toBe(`/api/tokens/${shown.id}`);
  expect(token).toMatch(/^[a-z2-7]{32}$/);
  expect(shown).toEqual({
    id: secretId(hashSecret(token)),
    name: 'Ünïcode 🎥',
    scope: 'admin',
    streamId: null,
    createdAt: '2025-01-02T03:04:05.678Z',
    expiresAt: null,
    lastUsedAt: null,
  });
  expect((await api.call('GET', '/api/tokens')).json).toEqual({ tokens: [shown], nextCursor: null });
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(200);
  expect(JSON.stringify(await api.adminTokens.get(shown.id))).not.toContain(token);
  expect(api.logLines.join()).not.toContain(token);
});

test('a revoked token is refused at once by the instance that revoked it', async () => {
  const { token, path } = await createToken();
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(200);
  expect((await api.call('DELETE', path)).status).toBe(204);
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(401);
  expect((await api.call('DELETE', path)).status).toBe(404);
  expect((await api.call('GET', '/api/tokens')).json.tokens).toEqual([]);
});

test('a token that another instance revoked is refused after a few seconds', async () => {
  const { token, shown } = await createToken();
  await api.call('GET', '/api/streams', { token });
  await api.adminTokens.remove(shown.id);
  nowMs += RECORD_CACHE_MS - 1;
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(200);
  nowMs += 1;
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(401);
});

test('a token can revoke itself, and the bootstrap tokens still work', async () => {
  const { token, path } = await createToken();
  expect((await api.call('DELETE', path, { token })).status).toBe(204);
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(401);
  for (const bootstrap of api.tokens)
    expect((await api.call('GET', '/api/tokens', { token: bootstrap })).status).toBe(200);
});

test('a token with the id but not the hash of a known token is refused', async () => {
  const token = generateSecret(randomBytes);
  const id = secretId(hashSecret(token));
  const tokenHash = hashSecret('another');
  const createdAt = '2025-01-02T03:04:05.678Z';
  await api.adminTokens.put({ id, name: 'Collision', tokenHash, createdAt, ...UNLIMITED_TOKEN });
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(401);
});

test('a token is refused from the moment on at which it expires', async () => {
  const expiresAt = '2025-01-02T04:04:05+01:00';
  nowMs = Date.parse(expiresAt) - 1;
  const { json } = await api.call('POST', '/api/tokens', { body: { name: 'a', expiresAt } });
  expect(json.expiresAt).toBe('2025-01-02T03:04:05.000Z');
  expect((await api.call('GET', '/api/streams', { token: json.token })).status).toBe(200);
  nowMs += 1;
  const expired = await api.call('GET', '/api/streams', { token: json.token });
  expect([expired.status, expired.json.detail]).toEqual([401, 'This admin token has expired.']);
  expect((await api.call('GET', '/api/tokens')).json.tokens).toHaveLength(1);
});

test('the last use is written at most once an hour', async () => {
  const { token } = await createToken();
  const lastUse = async () => (await api.call('GET', '/api/tokens')).json.tokens[0].lastUsedAt;
  await api.call('GET', '/api/streams', { token });
  await waitFor('the first use', async () => (await lastUse()) !== null);
  const first = await lastUse();
  nowMs += LAST_USE_INTERVAL_MS - 1;
  await api.call('GET', '/api/streams', { token });
  expect(await lastUse()).toBe(first);
  nowMs += 1;
  await api.call('GET', '/api/streams', { token });
  await waitFor('the next use', async () => (await lastUse()) !== first);
  expect(Date.parse(await lastUse())).toBe(nowMs);
});

test.each([
  [undefined, 'name'],
  [{}, 'name'],
  [{ name: '' }, 'name'],
  [{ name: '  ' }, 'name'],
  [{ name: 7 }, 'name'],
  [{ name: 'a'.repeat(201) }, 'name'],
  [{ name: 'line\nfeed' }, 'name'],
  [{ name: 'a', token: 'mine' }, 'token'],
  [{ name: 'a', scope: 'streams' }, 'scope'],
  [{ name: 'a', scope: null }, 'scope'],
  [{ name: 'a', streamId: 'aaaaaaaaaaaaaaaa' }, 'streamId'],
  [{ name: 'a', scope: 'streams:read', streamId: 'a.b' }, 'streamId'],
  [{ name: 'a', expiresAt: '2025-01-02T03:04:05.678Z' }, 'expiresAt'],
  [{ name: 'a', expiresAt: '2025-01-02T23:03:05+20:00' }, 'expiresAt'],
  [{ name: 'a', expiresAt: '9999-12-31T23:59:59-23:59' }, 'expiresAt'],
  [{ name: 'a', expiresAt: 'tomorrow' }, 'expiresAt'],
])('the body %j is a 422 that names %s', async (body, field) => {
  const { status, json } = await api.call('POST', '/api/tokens', body === undefined ? {} : { body });
  expect(status).toBe(422);
  expect(json.errors).toEqual([{ field, detail: expect.any(String) }]);
});

test.each(['aaaaaaaaaaaaaaaa', 'unknown', '%00', 'a'.repeat(3000)])('the token %s does not exist', async (id) => {
  expect((await api.call('DELETE', `/api/tokens/${id}`)).status).toBe(404);
});

test('every route requires an admin token', async () => {
  for (const [method, path] of [
    ['POST', '/api/tokens'],
    ['GET', '/api/tokens'],
    ['DELETE', '/api/tokens/aaaaaaaaaaaaaaaa'],
  ] as const) {
    expect((await api.call(method, path, { token: generateSecret(randomBytes) })).status).toBe(401);
  }
});

test('the pages contain every token once', async () => {
  const created = await Promise.all(Array.from({ length: 5 }, (_, index) => createToken(`token ${index}`)));
  const listed: unknown[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { json } = await api.call('GET', `/api/tokens?limit=2${cursor && `&cursor=${cursor}`}`);
    listed.push(...json.tokens);
    cursor = json.nextCursor;
  }
  expect(listed).toHaveLength(5);
  expect(listed).toEqual(expect.arrayContaining(created.map(({ shown }) => shown)));
});
