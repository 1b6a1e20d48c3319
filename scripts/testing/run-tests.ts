import { runJest, runPackage } from './run-jest.ts';
import { addResults, formatSummary, type RunResult } from './run-result.ts';

/**
 * Checks format, lint and types, then runs Jest once for each list of arguments. Runs everything, so that one look shows
 * every failure. Prints the flaky tests and the line that continuous integration reads; sets exit code 1 if any failed.
 */
export async function runTests(jestRuns: readonly (readonly string[])[]): Promise<void> {
  const results = await Promise.all([check('biome', 'check', '--error-on-warnings', '.'), check('tsc', '--noEmit')]);
  for (const args of jestRuns) results.push(await runJest(args));
  const total = addResults(results);
  process.stdout.write(formatSummary(total));
  process.exitCode = total.failed === 0 ? 0 : 1;
}

/** Counts as one test. */
async function check(name: string, ...args: readonly string[]): Promise<RunResult> {
  const isPassed = await runPackage(name, args);
  return { passed: isPassed ? 1 : 0, failed: isPassed ? 0 : 1, flaky: [] };
}
