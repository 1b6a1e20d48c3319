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

test('a whole id is taken as it is, without a look at the list', async () => {
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
  ['a name that two have', 'Evening', 'usage', /^"Evening" matches 2, such as aaaabbbbccccdddf, eeeebbbbccccdddd:/],
  ["one's name and the beginning of another's id", 'eeee', 'usage', /matches 2/],
  ['too short a beginning', 'fff', 'refused', /^There is no stream "fff"\.$/],
  ['nothing', '', 'refused', /^There is no stream ""\.$/],
  ['a part of a name', 'Morn', 'refused', /no stream/],
  ['another case', 'morning', 'refused', /no stream/],
])('%s finds none', async (_case, reference, kind, message) => {
  await expect(find(reference)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
});

test('what stands behind the end of the list could fit as well', async () => {
  await expect(find('Morning', false)).rejects.toMatchObject({
    kind: 'usage',
    message: expect.stringContaining('whole id'),
  });
});
