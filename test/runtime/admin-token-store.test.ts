import { randomBytes } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { type AdminTokenRecord, LAST_USE_INTERVAL_MS, UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { type AdminTokenStore, createAdminTokenStore } from '#runtime/admin-token-store.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: AdminTokenStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createAdminTokenStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

function newToken(): AdminTokenRecord {
  const tokenHash = hashSecret(generateSecret(randomBytes));
  const createdAt = '2025-01-02T03:04:05.678Z';
  return { id: secretId(tokenHash), name: 'Ünïcode 🎥', tokenHash, createdAt, ...UNLIMITED_TOKEN };
}

test('a token can be read until it is removed, which works once', async () => {
  const token = newToken();
  expect(await store.get(token.id)).toBeNull();
  await store.put(token);
  await store.put(token);
  expect(await store.get(token.id)).toEqual(token);
  expect(await store.remove(token.id)).toBe(true);
  expect(await store.remove(token.id)).toBe(false);
  expect(await store.get(token.id)).toBeNull();
});

test('a token never replaces another', async () => {
  const token = newToken();
  await store.put(token);
  const other = { ...newToken(), id: token.id };
  await expect(store.put(other)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  expect(await store.get(token.id)).toEqual(token);
});

test('pages hold every token once', async () => {
  expect(await store.list({ limit: 3, afterId: null })).toEqual({ tokens: [], lastId: null });
  const tokens = Array.from({ length: 7 }, newToken);
  await Promise.all(tokens.map((token) => store.put(token)));
  const listed: AdminTokenRecord[] = [];
  let afterId: string | null = null;
  do {
    const page = await store.list({ limit: 3, afterId });
    expect(page.tokens.length).toBeLessThanOrEqual(3);
    listed.push(...page.tokens);
    afterId = page.lastId;
  } while (afterId !== null);
  expect(listed).toHaveLength(7);
  expect(listed).toEqual(expect.arrayContaining(tokens));
});

test('a token that was stored before there were scopes may do everything, for ever', async () => {
  const { id, name, tokenHash, createdAt } = newToken();
  const Item = { id, name, tokenHash, createdAt };
  await database.client.send(new PutCommand({ TableName: TEST_TABLES.ADMIN_TOKENS_TABLE, Item }));
  const token = { ...Item, scope: 'admin', streamId: null, expiresAtMs: null, lastUsedAtMs: null };
  expect(await store.get(id)).toEqual(token);
  expect((await store.list({ limit: 1, afterId: null })).tokens).toEqual([token]);
});

describe('the use of a token', () => {
  const nowMs = Date.parse('2025-01-02T03:04:05.678Z');

  test('is written at most once an hour', async () => {
    const token = newToken();
    await store.put(token);
    const lastUseAfter = async (atMs: number) => {
      await store.recordUse({ tokenId: token.id, nowMs: atMs });
      return (await store.get(token.id))?.lastUsedAtMs;
    };
    expect(await lastUseAfter(nowMs)).toBe(nowMs);
    expect(await lastUseAfter(nowMs + LAST_USE_INTERVAL_MS - 1)).toBe(nowMs);
    expect(await lastUseAfter(nowMs + LAST_USE_INTERVAL_MS)).toBe(nowMs + LAST_USE_INTERVAL_MS);
  });

  test('does not bring back a token that was revoked', async () => {
    const { id } = newToken();
    await store.recordUse({ tokenId: id, nowMs });
    expect(await store.get(id)).toBeNull();
  });
});
