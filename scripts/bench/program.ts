import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import type { ProgramContext } from './bench-context.ts';

/** A running program of a benchmark. It ends with its context. */
export interface Program {
  readonly pid: number;
  readonly process: ChildProcess;
  /** If the program has ended, throws an error with its last standard error output. */
  assertRunning(): void;
}

const STDERR_TAIL_BYTES = 4_000;
const TERMINATE_TIMEOUT_MS = 8_000;

/**
 * Starts a program in its own process group, so that Ctrl-C only reaches the benchmark, and the whole group can be
 * ended.
 */
export function startProgram(
  context: ProgramContext,
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly environment?: Readonly<Record<string, string>> },
): Program {
  const env = { ...process.env, ...options.environment };
  const child = spawn(command, args, { cwd: options.cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} could not be started`);
  let stderrTail = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderrTail = (stderrTail + chunk.toString()).slice(-STDERR_TAIL_BYTES);
  });
  const closed = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  context.defer(async () => {
    const timeout = new AbortController();
    child.kill('SIGTERM');
    await Promise.race([closed, sleep(TERMINATE_TIMEOUT_MS, undefined, { signal: timeout.signal })]);
    timeout.abort();
    killGroup(pid);
    await closed;
  });
  const assertRunning = (): void => {
    if (child.exitCode === null && child.signalCode === null) return;
    throw new Error(`${command} ended with ${child.exitCode ?? child.signalCode}: ${stderrTail.trim()}`);
  };
  return { pid, process: child, assertRunning };
}

/** Runs a program to its end and resolves to its standard output. Rejects if its exit code is not 0. */
export async function runProgram(
  ...[context, command, args, options]: Parameters<typeof startProgram>
): Promise<string> {
  const program = startProgram(context, command, args, options);
  let output = '';
  program.process.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [exitCode] = await once(program.process, 'close', { signal: context.signal });
  if (exitCode !== 0) program.assertRunning();
  return output;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    const isGone = isNativeError(error) && 'code' in error && error.code === 'ESRCH';
    if (!isGone) throw error;
  }
}
