import { hashSecret } from '#domain/stream-ids.ts';
import { parseTokenHashes } from '#functions/control-api/admin-auth.ts';

const first = hashSecret('first');
const second = hashSecret('second');

test.each([
  ['one hash', first, [first]],
  ['two hashes', `${first},${second}`, [first, second]],
  ['two hashes with spaces', ` ${first} , ${second} `, [first, second]],
])('parses %s', (_name, list, hashes) => {
  expect(parseTokenHashes(list)).toEqual(hashes);
});

test.each([
  ['empty', ''],
  ['only a comma', ','],
  ['ending in a comma', `${first},`],
  ['a token instead of its hash', 'first'],
  ['too short', first.slice(1)],
  ['upper case', first.toUpperCase()],
])('a list that is %s is refused', (_name, list) => {
  expect(() => parseTokenHashes(list)).toThrow('ADMIN_TOKEN_HASHES');
});
