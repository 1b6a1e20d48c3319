import { relative } from 'node:path';
import { type FileResult, WHOLE_FILE } from './jest-report.ts';

/** A test that failed at first, and passed when its file ran again. */
export interface FlakyTest {
  readonly path: string;
  readonly name: string;
}

export interface RunResult {
  readonly passed: number;
  readonly failed: number;
  readonly flaky: readonly FlakyTest[];
}

/**
 * Counts each test once. A file that ran a second time counts with that result. A test that failed at first and did
 * not run again has failed.
 */
export function countResults(first: readonly FileResult[], second: readonly FileResult[]): RunResult {
  const retried = new Map(second.map((result) => [result.path, result]));
  const results = first.map((result) => retried.get(result.path) ?? result);
  const lost = ({ path, failed }: FileResult): string[] => {
    const retry = retried.get(path);
    if (retry === undefined || retry.failed.includes(WHOLE_FILE)) return [];
    return failed.filter((name) => name !== WHOLE_FILE && ![...retry.passed, ...retry.failed].includes(name));
  };
  return {
    passed: results.reduce((sum, { passed }) => sum + passed.length, 0),
    failed: results.reduce((sum, { failed }) => sum + failed.length, 0) + first.flatMap(lost).length,
    flaky: first.flatMap(({ path, failed }) => {
      const retry = retried.get(path);
      return failed.filter((name) => retry && passedIn(retry, name)).map((name) => ({ path, name }));
    }),
  };
}

function passedIn({ passed, failed }: FileResult, name: string): boolean {
  return name === WHOLE_FILE ? failed.length === 0 : passed.includes(name) && !failed.includes(name);
}

/** The sum of several runs. */
export function addResults(results: readonly RunResult[]): RunResult {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    flaky: results.flatMap(({ flaky }) => flaky),
  };
}

/** Names every flaky test on a line of its own, then counts. */
export function formatSummary({ passed, failed, flaky }: RunResult): string {
  const names = flaky.map(({ path, name }) => `  ${relative(process.cwd(), path)}: ${name}\n`).join('');
  const block = `\nflaky: ${flaky.length} (failed, then passed when the file ran again by itself)\n${names}`;
  return `${flaky.length > 0 ? block : ''}\n${passed} passed, ${failed} failed\n`;
}
