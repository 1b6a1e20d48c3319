import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** `npm test`: format, lint, types, then the tests. Runs them all, so that one look shows everything; exit code 1 if any failed. */

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const jestReportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});

function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): boolean {
  process.stdout.write(`\n> ${args.join(' ')}\n`);
  const [program = '', ...rest] = args;
  const path = join('node_modules', '.bin', program);
  const { status } = spawnSync(path, rest, { stdio: 'inherit', env: { ...process.env, ...environment } });
  return status === 0;
}

function check(...args: string[]): Tally {
  return run(args) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Runs one Jest project and counts by its report; a run that leaves none has failed. */
function jest(project: string, ...options: string[]): Tally {
  const folder = mkdtempSync(join(tmpdir(), 'headend-report-'));
  const reportPath = join(folder, 'report.json');
  try {
    const isPassed = run(['jest', `--selectProjects=${project}`, '--json', `--outputFile=${reportPath}`, ...options], {
      NODE_OPTIONS: '--experimental-vm-modules --no-warnings=ExperimentalWarning',
    });
    const report = jestReportSchema.parse(JSON.parse(readFileSync(reportPath, 'utf8')));
    const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
    return { passed: report.numPassedTests, failed: isPassed ? failed : Math.max(1, failed) };
  } catch (error) {
    process.stderr.write(`no report of ${project}: ${error instanceof Error ? error.message : String(error)}\n`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Stages take long to synthesise: each is once a run, for all the tests that read its templates.
const synthDir = mkdtempSync(join(tmpdir(), 'headend-synth-'));
process.env.HEADEND_SYNTH_DIR = synthDir;
process.once('exit', () => rmSync(synthDir, { recursive: true, force: true }));

const tallies = [
  check('biome', 'check', '--error-on-warnings', '.'),
  check('tsc', '--noEmit'),
  // Most of them wait for sockets and processes: a worker for each core, where Jest's default leaves one to itself.
  jest('fast', '--maxWorkers=100%'),
  // End-to-end tests encode video and render pages: one file at a time, or they would starve each other.
  jest('e2e', '--runInBand'),
];
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
