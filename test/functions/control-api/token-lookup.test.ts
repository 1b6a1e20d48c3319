import { randomBytes } from 'node:crypto';
import { type AdminTokenRecord, LAST_USE_INTERVAL_MS, UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { RECORD_CACHE_MS } from '#functions/control-api/recent-records.ts';
import { createTokenLookup } from '#functions/control-api/token-lookup.ts';

const warnings: string[] = [];
const log = { warn: (_fields: unknown, message?: string) => void warnings.push(String(message)) };

/** A look-up over known tokens that counts its reads. */
function startLookup(known: readonly string[] = []) {
  const state = { nowMs: Date.parse('2025-01-02T03:04:05.678Z'), reads: 0, uses: 0 };
  const records = new Map<string, AdminTokenRecord>(
    known.map((token) => {
      const tokenHash = hashSecret(token);
      const id = secretId(tokenHash);
      return [id, { id, name: 'Some name', tokenHash, ...UNLIMITED_TOKEN, createdAt: '2025-01-02T03:04:05.678Z' }];
    }),
  );
  const get = async (id: string) => {
    state.reads += 1;
    return records.get(id) ?? null;
  };
  const recordUse = async () => {
    state.uses += 1;
  };
  const lookup = createTokenLookup({ store: { get, recordUse }, now: () => state.nowMs, log });
  return { state, records, lookup };
}

test.each([true, false])('a token (known: %s) is read once every 3 s', async (isKnown) => {
  const token = generateSecret(randomBytes);
  const { state, records, lookup } = startLookup(isKnown ? [token] : []);
  expect(await lookup.find(token)).toEqual(isKnown ? records.get(secretId(hashSecret(token))) : null);
  state.nowMs += RECORD_CACHE_MS - 1;
  expect(await lookup.find(token)).toEqual(isKnown ? records.get(secretId(hashSecret(token))) : null);
  expect(state.reads).toBe(1);
  state.nowMs += 1;
  expect(await lookup.find(token)).toEqual(isKnown ? records.get(secretId(hashSecret(token))) : null);
  expect(state.reads).toBe(2);
});

test('a forgotten token is read again', async () => {
  const token = generateSecret(randomBytes);
  const { records, lookup } = startLookup([token]);
  expect(await lookup.find(token)).not.toBeNull();
  records.clear();
  lookup.forget(secretId(hashSecret(token)));
  expect(await lookup.find(token)).toBeNull();
});

test.each(['', 'x', 'A'.repeat(32), 'a'.repeat(33), '../../x'])(
  '%j cannot be a token and is not read',
  async (token) => {
    const { state, lookup } = startLookup();
    expect(await lookup.find(token)).toBeNull();
    expect(state.reads).toBe(0);
  },
);

test('the cache is bounded: the oldest entries are removed', async () => {
  const { state, lookup } = startLookup();
  const tokens = Array.from({ length: 1_500 }, () => generateSecret(randomBytes));
  for (const token of tokens) await lookup.find(token);
  await lookup.find(tokens[1_499] ?? '');
  expect(state.reads).toBe(1_500);
  await lookup.find(tokens[0] ?? '');
  expect(state.reads).toBe(1_501);
});

test('a failed read is an error and is not cached', async () => {
  const token = generateSecret(randomBytes);
  const failing = createTokenLookup({
    store: { get: () => Promise.reject(new Error('down')), recordUse: async () => undefined },
    now: () => 0,
    log,
  });
  await expect(failing.find(token)).rejects.toThrow('down');
  await expect(failing.find(token)).rejects.toThrow('down');
});

test('the use of a valid token is written down once an hour, that of an expired one never', async () => {
  const token = generateSecret(randomBytes);
  const { state, records, lookup } = startLookup([token]);
  for (let minutes = 0; minutes < 61; minutes += 1) {
    await lookup.find(token);
    state.nowMs += LAST_USE_INTERVAL_MS / 60;
  }
  expect(state.uses).toBe(2);
  const id = secretId(hashSecret(token));
  const record = records.get(id);
  if (record === undefined) throw new Error('there is no record');
  records.set(id, { ...record, expiresAtMs: state.nowMs });
  state.nowMs += LAST_USE_INTERVAL_MS;
  expect(await lookup.find(token)).not.toBeNull();
  expect(state.uses).toBe(2);
});

test('a use that cannot be written down fails nothing, and is not tried again with every request', async () => {
  const token = generateSecret(randomBytes);
  const { state, records } = startLookup([token]);
  let tries = 0;
  const recordUse = () => {
    tries += 1;
    return Promise.reject(new Error('down'));
  };
  const get = async (id: string) => records.get(id) ?? null;
  const lookup = createTokenLookup({ store: { get, recordUse }, now: () => state.nowMs, log });
  warnings.length = 0;
  for (let request = 0; request < 3; request += 1) expect(await lookup.find(token)).not.toBeNull();
  await new Promise(setImmediate);
  expect([tries, warnings]).toEqual([1, ['the use of a token was not written down']]);
});
