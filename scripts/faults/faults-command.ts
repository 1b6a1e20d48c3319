import { findProgram } from '#kit/find-program.mjs';
import { UserError } from '#scripts/terminal/errors.ts';
import { toPrintable } from '#scripts/terminal/text-table.ts';
import type { FaultsCommandLine } from './command-line.ts';
import { formatFaults, isGood, toFaultsJson } from './fault-output.ts';
import { runFaults } from './run-faults.ts';

/** The parts of `process` that the command uses. */
export interface FaultsTerminal {
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
  readonly stderr: Pick<NodeJS.WritableStream, 'write'>;
}

/**
 * Runs faults and prints the report. Resolves to the exit code: 1 if something is wrong. Ctrl-C and SIGTERM end it early; what it
 * started is ended all the same.
 */
export async function runFaultsCommand(line: FaultsCommandLine, terminal: FaultsTerminal): Promise<number> {
  for (const program of ['ffmpeg', 'chromium']) {
    if (findProgram(program) === null) throw new UserError(`The faults need ${program}, which is not on the PATH.`);
  }
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  const note = (text: string): void => void terminal.stderr.write(`${toPrintable(text)}\n`);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const report = await runFaults({ ...line, interrupted: interruption.signal, note });
    terminal.stdout.write(line.isJson ? toFaultsJson(report) : formatFaults(report));
    if (!report.isComplete) note('Interrupted: not every fault was tried.');
    return isGood(report) ? 0 : 1;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
