import { type FileResult, WHOLE_FILE } from '#scripts/testing/jest-report.ts';
import { addResults, countResults, formatSummary } from '#scripts/testing/run-result.ts';

const file = (path: string, passed: readonly string[], failed: readonly string[] = []): FileResult => ({
  path,
  passed,
  failed,
});

describe('a file that ran again counts once, by its second result', () => {
  const untouched = file('a', ['one', 'two']);

  test.each<[string, FileResult, FileResult, { passed: number; failed: number; flaky: string[] }]>([
    [
      'a test that passes then is flaky',
      file('b', ['one'], ['two']),
      file('b', ['one', 'two']),
      { passed: 4, failed: 0, flaky: ['two'] },
    ],
    [
      'a test that fails again has failed',
      file('b', [], ['one']),
      file('b', [], ['one']),
      { passed: 2, failed: 1, flaky: [] },
    ],
    [
      'a file may have both',
      file('b', [], ['one', 'two']),
      file('b', ['one'], ['two']),
      { passed: 3, failed: 1, flaky: ['one'] },
    ],
    [
      'a test that fails only then has failed',
      file('b', ['one'], ['two']),
      file('b', ['two'], ['one']),
      { passed: 3, failed: 1, flaky: ['two'] },
    ],
    [
      'a file that loads then is flaky',
      file('b', [], [WHOLE_FILE]),
      file('b', ['one']),
      { passed: 3, failed: 0, flaky: [WHOLE_FILE] },
    ],
    [
      'a file that only fails otherwise has failed',
      file('b', [], [WHOLE_FILE]),
      file('b', [], ['one']),
      { passed: 2, failed: 1, flaky: [] },
    ],
    [
      'a test that did not run again has failed',
      file('b', ['one'], ['two']),
      file('b', ['one', 'three']),
      { passed: 4, failed: 1, flaky: [] },
    ],
    [
      'a test is not flaky if its file does not load then',
      file('b', [], ['one', 'two']),
      file('b', [], [WHOLE_FILE]),
      { passed: 2, failed: 1, flaky: [] },
    ],
  ])('%s', (_case, first, second, { flaky, ...counts }) => {
    expect(countResults([untouched, first], [second])).toEqual({
      ...counts,
      flaky: flaky.map((name) => ({ path: 'b', name })),
    });
  });

  test('without a second result the first one counts', () => {
    expect(countResults([untouched, file('b', [], ['one', 'two'])], [])).toEqual({ passed: 2, failed: 2, flaky: [] });
  });
});

test('the summary names flaky tests, and ends with the line that continuous integration reads', () => {
  expect(formatSummary({ passed: 3, failed: 1, flaky: [] })).toBe('\n3 passed, 1 failed\n');
  const flaky = [{ path: `${process.cwd()}/test/a.test.ts`, name: 'is quick' }];
  expect(formatSummary({ passed: 3, failed: 0, flaky }).split('\n')).toEqual([
    '',
    expect.stringMatching(/^flaky: 1 /),
    '  test/a.test.ts: is quick',
    '',
    '3 passed, 0 failed',
    '',
  ]);
});

test('results of several runs add up', () => {
  const flaky = { path: 'a', name: 'one' };
  expect(
    addResults([
      { passed: 1, failed: 0, flaky: [] },
      { passed: 2, failed: 1, flaky: [flaky] },
    ]),
  ).toEqual({ passed: 3, failed: 1, flaky: [flaky] });
});
