import { randomBytes } from 'node:crypto';
import { type AdminTokenRecord, UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import { hashSecret, SECRET_PATTERN, secretId } from '#domain/stream-ids.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { type AdminTokenStore, createAdminTokenStore } from '#runtime/admin-token-store.ts';
import type { WantedToken } from '#scripts/cloud/cdk-command-line.ts';
import { makeAdminToken } from '#scripts/cloud/make-admin-token.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: AdminTokenStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createAdminTokenStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

const make = (wanted: WantedToken, over: Pick<AdminTokenStore, 'list' | 'put'> = store) =>
  makeAdminToken({ store: over, wanted, now: () => NOW_MS, randomBytes });

async function stored(): Promise<readonly AdminTokenRecord[]> {
  return (await store.list({ limit: 10, afterId: null })).tokens;
}

const recordOf = (token: string | null, name: string): AdminTokenRecord => {
  const tokenHash = hashSecret(token ?? '');
  return { id: secretId(tokenHash), name, tokenHash, ...UNLIMITED_TOKEN, createdAt: '2025-01-02T03:04:05.678Z' };
};

test('the first token is made once, and only its hash is stored', async () => {
  const token = await make('first');
  expect(token).toMatch(SECRET_PATTERN);
  expect(await stored()).toEqual([recordOf(token, 'first')]);
  expect(JSON.stringify(await stored())).not.toContain(token);
  expect(await make('first')).toBeNull();
  expect(await stored()).toHaveLength(1);
});

test('a new token is added to the existing ones, which stay valid', async () => {
  const first = await make('new');
  const second = await make('new');
  expect(second).not.toBe(first);
  const records = [recordOf(first, 'first'), recordOf(second, 'made by deploy')];
  expect(await stored()).toEqual(expect.arrayContaining(records));
});

test('if no token is wanted, none is made and nothing is read', async () => {
  const broken = { list: () => Promise.reject(new Error('read')), put: () => Promise.reject(new Error('written')) };
  expect(await make('none', broken)).toBeNull();
  expect(await stored()).toEqual([]);
});

test('two simultaneous deployments each get a valid token', async () => {
  // Both read the table before either writes.
  let looked = 0;
  let release = () => {};
  const bothLooked = new Promise<void>((resolve) => {
    release = resolve;
  });
  const meeting: Pick<AdminTokenStore, 'list' | 'put'> = {
    put: store.put,
    list: async (page) => {
      const found = await store.list(page);
      looked += 1;
      if (looked === 2) release();
      await bothLooked;
      return found;
    },
  };
  const tokens = await Promise.all([make('first', meeting), make('first', meeting)]);
  expect(new Set(tokens).size).toBe(2);
  expect(await stored()).toEqual(expect.arrayContaining(tokens.map((token) => recordOf(token, 'first'))));
});
