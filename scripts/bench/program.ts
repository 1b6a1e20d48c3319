import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import type { BenchContext } from './bench-context.ts';

/** A running program of a benchmark; it ends with the benchmark's context. */
export interface Program {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Throws, with what the program last wrote to standard error, once it has ended. */
  assertRunning(): void;
}

const STDERR_TAIL_BYTES = 4_000;
const TERMINATE_TIMEOUT_MS = 8_000;

/** Starts a program in a process group of its own: Ctrl-C reaches the benchmark only, and nothing of the group outlives it. */
export function startProgram(
  context: BenchContext,
  command: string,
  args: readonly string[],
  options: { readonly cwd: string },
): Program {
  const child = spawn(command, args, { cwd: options.cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
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

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    const isGone = isNativeError(error) && 'code' in error && error.code === 'ESRCH';
    if (!isGone) throw error;
  }
}
