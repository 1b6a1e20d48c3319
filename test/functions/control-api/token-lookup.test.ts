import { randomBytes } from 'node:crypto';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { createTokenLookup, TOKEN_CACHE_MS } from '#functions/control-api/token-lookup.ts';

/** A look-up over known tokens that counts its reads. */
function startLookup(known: readonly string[] = []) {
  const state = { nowMs: 0, reads: 0 };
  const records = new Map(
    known.map((token) => {
      const tokenHash = hashSecret(token);
      const id = secretId(tokenHash);
      return [id, { id, name: 'Some name', tokenHash, createdAt: '2025-01-02T03:04:05.678Z' }];
    }),
  );
  const get = async (id: string) => {
    state.reads += 1;
    return records.get(id) ?? null;
  };
  return { state, records, lookup: createTokenLookup({ get }, () => state.nowMs) };
}

test.each([true, false])('a token (known: %s) is read once every 3 s', async (isKnown) => {
  const token = generateSecret(randomBytes);
  const { state, lookup } = startLookup(isKnown ? [token] : []);
  expect(await lookup.isKnown(token)).toBe(isKnown);
  state.nowMs = TOKEN_CACHE_MS - 1;
  expect(await lookup.isKnown(token)).toBe(isKnown);
  expect(state.reads).toBe(1);
  state.nowMs = TOKEN_CACHE_MS;
  expect(await lookup.isKnown(token)).toBe(isKnown);
  expect(state.reads).toBe(2);
});

test('a forgotten token is read again', async () => {
  const token = generateSecret(randomBytes);
  const { records, lookup } = startLookup([token]);
  expect(await lookup.isKnown(token)).toBe(true);
  records.clear();
  lookup.forget(secretId(hashSecret(token)));
  expect(await lookup.isKnown(token)).toBe(false);
});

test.each(['', 'x', 'A'.repeat(32), 'a'.repeat(33), '../../x'])(
  '%j cannot be a token and is not read',
  async (token) => {
    const { state, lookup } = startLookup();
    expect(await lookup.isKnown(token)).toBe(false);
    expect(state.reads).toBe(0);
  },
);

test('the cache is bounded: the oldest entries are removed', async () => {
  const { state, lookup } = startLookup();
  const tokens = Array.from({ length: 1_500 }, () => generateSecret(randomBytes));
  for (const token of tokens) await lookup.isKnown(token);
  await lookup.isKnown(tokens[1_499] ?? '');
  expect(state.reads).toBe(1_500);
  await lookup.isKnown(tokens[0] ?? '');
  expect(state.reads).toBe(1_501);
});

test('a failed read is an error and is not cached', async () => {
  const token = generateSecret(randomBytes);
  const failing = createTokenLookup({ get: () => Promise.reject(new Error('down')) }, () => 0);
  await expect(failing.isKnown(token)).rejects.toThrow('down');
  await expect(failing.isKnown(token)).rejects.toThrow('down');
});
