import { randomBytes } from 'node:crypto';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { TOKEN_CACHE_MS } from '#functions/control-api/token-lookup.ts';
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
  expect(shown).toEqual({ id: secretId(hashSecret(token)), name: 'Ünïcode 🎥', createdAt: '2025-01-02T03:04:05.678Z' });
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(200);
  expect((await api.call('GET', '/api/tokens', { token })).json).toEqual({ tokens: [shown], nextCursor: null });
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
  nowMs += TOKEN_CACHE_MS - 1;
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
  await api.adminTokens.put({ id, name: 'Collision', tokenHash, createdAt: '2025-01-02T03:04:05.678Z' });
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(401);
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
