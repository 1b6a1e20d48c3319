import { toLanguageTag } from '#encoder/media/language-tag.ts';

test.each([
  ['eng', 'en'],
  ['de', 'de'],
  ['pt_BR', 'pt-BR'],
  ['ZH-hant', 'zh-Hant'],
])('%s is %s', (text, expected) => {
  expect(toLanguageTag(text)).toBe(expected);
});

test.each([['und'], ['English language'], [''], ['en"'], ['e'], [7], [undefined], ['en-a-b']])(
  '%p names no language',
  (text) => {
    expect(toLanguageTag(text)).toBeNull();
  },
);
