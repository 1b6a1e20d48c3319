import { createHmac, randomBytes } from 'node:crypto';
import { generatePlaybackId } from '#domain/stream-ids.ts';
import { isSameText, isViewerTokenValid, makeViewerToken, type ViewerTokenKeys } from '#domain/viewer-tokens.ts';
import { hmacSha256, nextViewerTokenKeys } from '#runtime/viewer-token-keys.ts';

const NOW_SECONDS = 1_800_000_000;
const former = nextViewerTokenKeys(null, randomBytes);
const keys = nextViewerTokenKeys(former, randomBytes);
const playbackId = generatePlaybackId('token', randomBytes);
const make = (changes: Partial<Parameters<typeof makeViewerToken>[0]> = {}) =>
  makeViewerToken({ playbackId, expiresAtSeconds: NOW_SECONDS + 60, keys, ...changes }, hmacSha256);
const isValid = (token: string, changes: { playbackId?: string; keys?: ViewerTokenKeys; nowMs?: number } = {}) =>
  isViewerTokenValid({ token, playbackId, keys, nowMs: NOW_SECONDS * 1000, ...changes }, hmacSha256);

test('a token contains the id of its key and its expiry, and is signed for its stream', () => {
  const text = `${keys.current}.${NOW_SECONDS + 60}`;
  const secret = keys.keys[keys.current] ?? '';
  const signature = createHmac('sha256', secret).update(`${text}.${playbackId}`).digest('base64url');
  expect(make()).toBe(`${text}.${signature}`);
  expect(make()).toMatch(/^[A-Za-z0-9._-]+$/);
  expect(isValid(make())).toBe(true);
});

test('a token is valid until the last millisecond before its expiry', () => {
  const endMs = (NOW_SECONDS + 60) * 1000;
  expect(isValid(make(), { nowMs: endMs - 1 })).toBe(true);
  expect(isValid(make(), { nowMs: endMs })).toBe(false);
  expect(isValid(make(), { nowMs: endMs + 86_400_000 })).toBe(false);
});

test('a token of the former key is valid, a token of the key before that is not', () => {
  expect(isValid(make({ keys: former }))).toBe(true);
  expect(isValid(make({ keys: former }), { keys: nextViewerTokenKeys(keys, randomBytes) })).toBe(false);
});

test('a token opens no other stream', () => {
  expect(isValid(make(), { playbackId: generatePlaybackId('token', randomBytes) })).toBe(false);
  expect(isValid(make(), { playbackId: playbackId.slice(1) })).toBe(false);
});

test('a token of a key with the same id and another secret is not valid', () => {
  const other = nextViewerTokenKeys(null, randomBytes);
  const forged = { current: keys.current, keys: { [keys.current]: other.keys[other.current] ?? '' } };
  expect(isValid(make({ keys: forged }))).toBe(false);
});

test('no character of a token can be changed, removed or inserted', () => {
  const token = make();
  for (let index = 0; index < token.length; index += 1) {
    const [head, tail] = [token.slice(0, index), token.slice(index + 1)];
    const other = token[index] === '7' ? '8' : '7';
    for (const changed of [`${head}${other}${tail}`, `${head}${tail}`, `${head}7${token.slice(index)}`]) {
      if (changed !== token) expect([changed, isValid(changed)]).toEqual([changed, false]);
    }
  }
});

describe('what is not a token', () => {
  const [keyId = '', expiry = '', signature = ''] = make().split('.');
  const signed = (text: string) => hmacSha256(keys.keys[keyId] ?? '', `${text}.${playbackId}`);

  test.each([
    ['nothing', ''],
    ['dots', '..'],
    ['no expiry', `${keyId}.${signature}`],
    ['an empty expiry', `${keyId}..${signed(`${keyId}.`)}`],
    ['a missing expiry that is signed', `${keyId}.${signed(keyId)}`],
    ['an expiry that is not a number', `${keyId}.never.${signed(`${keyId}.never`)}`],
    ['an expiry with an exponent', `${keyId}.9e99.${signed(`${keyId}.9e99`)}`],
    ['an infinite expiry', `${keyId}.Infinity.${signed(`${keyId}.Infinity`)}`],
    ['a negative expiry', `${keyId}.-1.${signed(`${keyId}.-1`)}`],
    ['an expiry with a leading zero', `${keyId}.0${expiry}.${signed(`${keyId}.0${expiry}`)}`],
    [
      'an expiry that a number cannot hold exactly',
      `${keyId}.${'9'.repeat(16)}.${signed(`${keyId}.${'9'.repeat(16)}`)}`,
    ],
    ['no signature', `${keyId}.${expiry}.`],
    ['a padded signature', `${keyId}.${expiry}.${signature}=`],
    ['one part too many', `${keyId}.${expiry}.${signature}.${signature}`],
    ['no key id', `.${expiry}.${signature}`],
    ['an unknown key id', `unknown.${expiry}.${signature}`],
    ['a line feed', `${keyId}.${expiry}.${signature}\n`],
    ['a very long text', 'a'.repeat(100_000)],
  ])('%s', (_case, token) => {
    expect(isValid(token)).toBe(false);
  });

  test.each(['__proto__', 'constructor', 'toString'])('a key id that every object has: %s', (name) => {
    expect(isValid(`${name}.${expiry}.${hmacSha256('', `${name}.${expiry}.${playbackId}`)}`)).toBe(false);
  });
});

test('without the current key, nothing is signed', () => {
  expect(() => make({ keys: { current: 'gone', keys: keys.keys } })).toThrow('gone, is missing');
});

describe('isSameText', () => {
  test.each([
    ['', '', true],
    ['abc', 'abc', true],
    ['abc', 'abd', false],
    ['abc', 'ab', false],
    ['é', 'e', false],
  ])('%j and %j: %s', (a, b, same) => {
    expect(isSameText(a, b)).toBe(same);
  });

  test('looks at every character, wherever the first difference is', () => {
    const readsUntilDifferenceAt = (at: number): number => {
      let reads = 0;
      const text = {
        length: 43,
        charCodeAt: (index: number) => {
          reads += 1;
          return index === at ? 98 : 97;
        },
      } as unknown as string;
      expect(isSameText(text, 'a'.repeat(43))).toBe(false);
      return reads;
    };
    expect([0, 20, 42].map(readsUntilDifferenceAt)).toEqual([43, 43, 43]);
  });
});
