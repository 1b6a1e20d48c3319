import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { assertNoSecret } from '#kit/secrets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A run of `npm run probe -- --json`. */
export interface ProbeRun {
  readonly code: number | null;
  readonly stderr: string;
  /** Results by check. Empty if the run printed none. */
  readonly results: Readonly<Record<string, string>>;
  /** The checks that have failed, with what they measured. */
  readonly wrong: Readonly<Record<string, string>>;
}

interface PrintedReport {
  readonly checks: readonly { readonly check: string; readonly result: string; readonly measured: string }[];
}

/** Starts the probe. HEADEND_API and HEADEND_TOKEN are not inherited. */
export function beginProbe(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { HEADEND_API: _api, HEADEND_TOKEN: _token, ...own } = process.env;
  const child = spawn(process.execPath, ['scripts/run.mjs', 'probe', '--json', ...args], {
    cwd: ROOT,
    // Jest's own options for Node.js are not the probe's.
    env: { ...own, NODE_OPTIONS: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, finished: finish(child) };
}

/** Runs the probe to its end. Rejects if it printed a key or token that this test file knows. */
export const probe = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<ProbeRun> =>
  beginProbe(args, environment).finished;

async function finish(child: ChildProcess): Promise<ProbeRun> {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      output[name] += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  assertNoSecret(output.stdout + output.stderr, 'the output of the probe');
  const { checks }: PrintedReport = output.stdout === '' ? { checks: [] } : JSON.parse(output.stdout);
  const wrong = checks.filter(({ result }) => result === 'WRONG');
  return {
    ...{ code, stderr: output.stderr },
    results: Object.fromEntries(checks.map(({ check, result }) => [check, result])),
    wrong: Object.fromEntries(wrong.map(({ check, measured }) => [check, measured])),
  };
}
