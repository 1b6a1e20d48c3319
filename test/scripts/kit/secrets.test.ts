import { randomBytes } from 'node:crypto';
import { generateId, generateSecret } from '#domain/stream-ids.ts';
import { assertNoSecret, countSecrets, rememberKeys, rememberSecret } from '#kit/secrets.ts';

test('a remembered key is found in any line, and masked in the error', () => {
  const key = generateSecret(randomBytes);
  rememberSecret(key);
  expect(() => assertNoSecret(`first\nkey=${key};${key}\n`, 'the log')).toThrow(
    'a secret is in the log: key=[secret];[secret]',
  );
  expect(() => assertNoSecret(`first\nkey=${key.slice(0, 8)}\n`, 'the log')).not.toThrow();
});

test('only names that look like a key are remembered', () => {
  const [key, id] = [generateSecret(randomBytes), generateId(randomBytes)];
  const before = countSecrets();
  rememberKeys(id, key, 'publish', 1, null);
  expect(countSecrets()).toBe(before + 1);
  expect(() => assertNoSecret(id, 'the log')).not.toThrow();
  expect(() => assertNoSecret(key, 'the log')).toThrow('[secret]');
});
