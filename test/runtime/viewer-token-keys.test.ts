import { randomBytes } from 'node:crypto';
import { nextViewerTokenKeys, parseViewerTokenKeys } from '#runtime/viewer-token-keys.ts';

const secret = (): string => randomBytes(32).toString('base64url');

test('one key or two are accepted', () => {
  for (const keys of [
    { current: 'a', keys: { a: secret() } },
    { current: 'b', keys: { a: secret(), b: secret() } },
  ]) {
    expect(parseViewerTokenKeys(JSON.stringify(keys))).toEqual(keys);
  }
});

test.each([
  ['no JSON', 'a password', /^not the keys/],
  ['nothing', '', /^not the keys/],
  ['null', 'null', /^not the keys/],
  ['an empty object', '{}', /current/],
  ['no keys', JSON.stringify({ current: 'a', keys: {} }), /current key is missing/],
  ['another current key', JSON.stringify({ current: 'b', keys: { a: secret() } }), /current key is missing/],
  [
    'an inherited current key',
    JSON.stringify({ current: 'toString', keys: { a: secret() } }),
    /current key is missing/,
  ],
  ['a short secret', JSON.stringify({ current: 'a', keys: { a: secret().slice(1) } }), /keys/],
  ['a secret of other characters', JSON.stringify({ current: 'a', keys: { a: ' '.repeat(43) } }), /keys/],
  ['an id of other characters', JSON.stringify({ current: 'a.b', keys: { 'a.b': secret() } }), /keys/],
  ['three keys', JSON.stringify({ current: 'a', keys: { a: secret(), b: secret(), c: secret() } }), /More than 2/],
  ['a field too many', JSON.stringify({ current: 'a', keys: { a: secret() }, more: 1 }), /more/],
])('%s is refused, and the reason quotes no secret', (_case, text, reason) => {
  expect(() => parseViewerTokenKeys(text)).toThrow(reason);
  try {
    parseViewerTokenKeys(text);
  } catch (error) {
    for (const [, value = ''] of text.matchAll(/"([A-Za-z0-9_-]{40,})"/g)) expect(String(error)).not.toContain(value);
    expect(String(error)).not.toContain('password');
  }
});

test('the first key is the only one', () => {
  const keys = nextViewerTokenKeys(null, randomBytes);
  expect(Object.keys(keys.keys)).toEqual([keys.current]);
  expect(Buffer.from(keys.keys[keys.current] ?? '', 'base64url')).toHaveLength(32);
});

test('a rotation keeps the key that signed before, and no other', () => {
  const first = nextViewerTokenKeys(null, randomBytes);
  const second = nextViewerTokenKeys(first, randomBytes);
  const third = nextViewerTokenKeys(second, randomBytes);
  expect(Object.keys(second.keys).sort()).toEqual([first.current, second.current].sort());
  expect(Object.keys(third.keys).sort()).toEqual([second.current, third.current].sort());
  expect(third.keys[second.current]).toBe(second.keys[second.current]);
  expect(new Set([...Object.values(second.keys), ...Object.values(third.keys)]).size).toBe(3);
});

test('new keys can be parsed, and fit into a key value store, which takes 1 KB', () => {
  const keys = nextViewerTokenKeys(nextViewerTokenKeys(null, randomBytes), randomBytes);
  const text = JSON.stringify(keys);
  expect(parseViewerTokenKeys(text)).toEqual(keys);
  expect(text.length).toBeLessThan(1024);
});
