import { chooseLanguage } from '#site/ui/language.ts';

test.each([
  [['de-AT', 'en'], 'de'],
  [['fr', 'DE', 'en'], 'de'],
  [['en-GB', 'de'], 'en'],
  [['fr'], 'en'],
  [[], 'en'],
])('somebody who prefers %j reads %s', (preferred, language) => {
  expect(chooseLanguage(preferred)).toBe(language);
});
