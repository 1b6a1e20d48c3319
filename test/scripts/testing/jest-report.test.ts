import { type FileResult, filesToRetry, parseJestReport, WHOLE_FILE } from '#scripts/testing/jest-report.ts';

const file = (path: string, passed: readonly string[], failed: readonly string[] = []): FileResult => ({
  path,
  passed,
  failed,
});

/** A report with one file, whose tests have these names and states. */
function report(status: string, tests: Readonly<Record<string, string>>): string {
  const assertionResults = Object.entries(tests).map(([fullName, state]) => ({ fullName, status: state }));
  return JSON.stringify({ numPassedTests: 0, testResults: [{ name: '/a.test.ts', status, assertionResults }] });
}

test('a report is read file by file, without skipped tests', () => {
  expect(parseJestReport(report('failed', { one: 'passed', two: 'failed', three: 'pending', four: 'todo' }))).toEqual([
    file('/a.test.ts', ['one'], ['two']),
  ]);
  expect(parseJestReport(report('passed', { one: 'passed' }))).toEqual([file('/a.test.ts', ['one'])]);
});

test.each([
  ['cannot be loaded', {}, []],
  ['fails after its tests', { one: 'passed' }, ['one']],
])('a file that %s has failed as a whole', (_case, tests, passed) => {
  expect(parseJestReport(report('failed', tests))).toEqual([file('/a.test.ts', passed, [WHOLE_FILE])]);
});

test('text that is no report throws', () => {
  expect(() => parseJestReport('{}')).toThrow('testResults');
});

test('the files with a failure run again, and no others', () => {
  const results = [file('a', ['one']), file('b', ['one'], ['two']), file('c', [], [WHOLE_FILE])];
  expect(filesToRetry(results)).toEqual(['b', 'c']);
});
