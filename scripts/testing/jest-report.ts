import { z } from 'zod';

/** What Jest says of a test file, in its report (`--json`). */
export interface FileResult {
  readonly path: string;
  /** Full names of the tests that passed. */
  readonly passed: readonly string[];
  /** Full names of the tests that failed; `WHOLE_FILE` if the file failed outside its tests. */
  readonly failed: readonly string[];
}

/** Stands for a file that could not be loaded, or whose hooks failed after its tests. */
export const WHOLE_FILE = '(the file as a whole)';

const jestReportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** Reads Jest's JSON report. Skipped tests are in neither list. */
export function parseJestReport(json: string): FileResult[] {
  return jestReportSchema.parse(JSON.parse(json)).testResults.map(({ name: path, status, assertionResults }) => {
    const named = (wanted: string) =>
      assertionResults.filter((test) => test.status === wanted).map(({ fullName }) => fullName);
    const failed = named('failed');
    return {
      path,
      passed: named('passed'),
      failed: status === 'failed' && failed.length === 0 ? [WHOLE_FILE] : failed,
    };
  });
}

/** The files that have to run a second time. */
export function filesToRetry(results: readonly FileResult[]): string[] {
  return results.filter(({ failed }) => failed.length > 0).map(({ path }) => path);
}
