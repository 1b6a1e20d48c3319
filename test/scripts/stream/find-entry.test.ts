import { findId } from '#scripts/stream/find-entry.ts';

const ENTRIES = [
  { id: 'aaaabbbbccccdddd', name: 'Morning' },
  { id: 'aaaabbbbccccdddf', name: 'Evening' },
  { id: 'eeeebbbbccccdddd', name: 'Evening' },
  { id: 'ffffbbbbccccdddd', name: 'eeee' },
];

const find = (reference: string, isAll = true) =>
  findId(reference, async () => ({ entries: ENTRIES, nextCursor: isAll ? null : 'more' }), {
    noun: 'stream',
    nameOf: ({ name }) => name,
  });

test('a whole id is returned as it is, without reading the list', async () => {
  const readPage = () => Promise.reject(new Error('the list was read'));
  expect(await findId('zzzzzzzzzzzzzzzz', readPage, { noun: 'stream', nameOf: () => '' })).toBe('zzzzzzzzzzzzzzzz');
});

test.each([
  ['Morning', 'aaaabbbbccccdddd'],
  ['aaaabbbbccccddd', null],
  ['eeeeb', 'eeeebbbbccccdddd'],
  ['ffff', 'ffffbbbbccccdddd'],
])('%s is %s', async (reference, id) => {
  if (id === null) await expect(find(reference)).rejects.toMatchObject({ kind: 'usage' });
  else expect(await find(reference)).toBe(id);
});

test.each([
  ['a name of two entries', 'Evening', 'usage', /^"Evening" matches 2, such as aaaabbbbccccdddf, eeeebbbbccccdddd:/],
  ['the name of one and the beginning of the id of another', 'eeee', 'usage', /matches 2/],
  ['a beginning that is too short', 'fff', 'refused', /^There is no stream "fff"\.$/],
  ['nothing', '', 'refused', /^There is no stream ""\.$/],
  ['a part of a name', 'Morn', 'refused', /no stream/],
  ['a different case', 'morning', 'refused', /no stream/],
])('%s selects no entry', async (_case, reference, kind, message) => {
  await expect(find(reference)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
});

test('an incomplete list could contain another match', async () => {
  await expect(find('Morning', false)).rejects.toMatchObject({
    kind: 'usage',
    message: expect.stringContaining('whole id'),
  });
});
