import { randomBytes } from 'node:crypto';
import { nextViewerTokenKeys } from '#domain/next-viewer-token-keys.ts';
import { parseViewerTokenKeys } from '#runtime/parse-viewer-token-keys.ts';

test('the first key is alone', () => {
  const keys = nextViewerTokenKeys(null, randomBytes);
  expect(Object.keys(keys.keys)).toEqual([keys.current]);
  expect(Buffer.from(keys.keys[keys.current] ?? '', 'base64url')).toHaveLength(32);
});

test('a rotation keeps the key before it and no other', () => {
  const first = nextViewerTokenKeys(null, randomBytes);
  const second = nextViewerTokenKeys(first, randomBytes);
  const third = nextViewerTokenKeys(second, randomBytes);
  expect(Object.keys(second.keys).sort()).toEqual([first.current, second.current].sort());
  expect(Object.keys(third.keys).sort()).toEqual([second.current, third.current].sort());
  expect(third.keys[second.current]).toBe(second.keys[second.current]);
  expect(new Set([...Object.values(second.keys), ...Object.values(third.keys)]).size).toBe(3);
});

test('what is made can be read, and fits into a key value store, which takes 1 KB', () => {
  const keys = nextViewerTokenKeys(nextViewerTokenKeys(null, randomBytes), randomBytes);
  const text = JSON.stringify(keys);
  expect(parseViewerTokenKeys(text)).toEqual(keys);
  expect(text.length).toBeLessThan(1024);
});
