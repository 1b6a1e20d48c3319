import { readFileSync } from 'node:fs';
import { STAGES } from '#config/stages.ts';
import { withCostTables } from '#scripts/plan/readme.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

test('the tables in README.md are those of the planner: npm run plan -- --write-readme', () => {
  expect(withCostTables(readme, STAGES)).toBe(readme);
});

test('a text that was changed by hand gets its tables back, and nothing else changes', () => {
  const changed = readme.replace('**together**', 'something else');
  expect(changed).not.toBe(readme);
  expect(withCostTables(changed, STAGES)).toBe(readme);
});

test.each([
  ['no place', 'Nothing.'],
  ['no end', readme.slice(0, readme.indexOf('<!-- End of what is written. -->'))],
  ['two places', readme + readme],
])('a text with %s for the tables is refused', (_what, text) => {
  expect(() => withCostTables(text, STAGES)).toThrow(/^README\.md must have one line <!-- Written by/);
});
