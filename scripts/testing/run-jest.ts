import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorMessage } from '#scripts/terminal/errors.ts';
import { type FileResult, filesToRetry, parseJestReport } from './jest-report.ts';
import { countResults, type RunResult } from './run-result.ts';

interface JestRun {
  readonly isPassed: boolean;
  /** One for each test file that ran; empty if Jest left no report. */
  readonly files: readonly FileResult[];
}

/**
 * One test file at a time, in Jest's own process. A failed test may leave a server open there, for which Jest would wait for
 * ever.
 */
export const ALONE = ['--runInBand', '--forceExit'] as const;

/** Runs a program of the project's npm packages, with its output on this process's. Resolves to whether it succeeded. */
export async function runPackage(
  name: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<boolean> {
  process.stdout.write(`\n> ${[name, ...args].join(' ')}\n`);
  const path = join('node_modules', '.bin', name);
  const child = spawn(path, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
  const [code] = await once(child, 'close');
  return code === 0;
}

/**
 * Runs Jest, then each test file that failed once more, one file at a time. A file that passes then is flaky and does not
 * fail the run.
 */
export async function runJest(args: readonly string[]): Promise<RunResult> {
  const first = await runOnce(args);
  const paths = filesToRetry(first.files);
  if (paths.length === 0) return { ...countResults(first.files, []), failed: first.isPassed ? 0 : 1 };
  process.stdout.write(`\nAgain, one file at a time, what failed:\n${paths.map((path) => `  ${path}\n`).join('')}`);
  const ownArgs = args.filter((arg) => !arg.startsWith('--maxWorkers') && !ALONE.some((own) => own === arg));
  const second = await runOnce([...ownArgs, ...ALONE, '--runTestsByPath', ...paths]);
  const result = countResults(first.files, second.files);
  return { ...result, failed: second.isPassed ? result.failed : Math.max(1, result.failed) };
}

async function runOnce(args: readonly string[]): Promise<JestRun> {
  const folder = await mkdtemp(join(tmpdir(), 'headend-report-'));
  const reportPath = join(folder, 'report.json');
  try {
    const isPassed = await runPackage('jest', [...args, '--json', `--outputFile=${reportPath}`], {
      NODE_OPTIONS: '--experimental-vm-modules --no-warnings=ExperimentalWarning',
    });
    return { isPassed, files: parseJestReport(await readFile(reportPath, 'utf8')) };
  } catch (error) {
    process.stderr.write(`Jest left no report: ${errorMessage(error)}\n`);
    return { isPassed: false, files: [] };
  } finally {
    await rm(folder, { recursive: true });
  }
}
