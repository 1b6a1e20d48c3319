import { findProgram } from '#kit/find-program.mjs';
import { UserError } from '#scripts/terminal/errors.ts';
import { toPrintable } from '#scripts/terminal/text-table.ts';
import type { ProbeCommandLine } from './command-line.ts';
import { localTarget } from './local-target.ts';
import { formatReport, isGood, toJsonLine } from './probe-output.ts';
import type { ProbeTarget } from './probe-target.ts';
import { runProbe } from './run-probe.ts';
import { stageTarget } from './stage-target.ts';

/** The parts of `process` that the probe uses. */
export interface ProbeTerminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
  readonly stderr: Pick<NodeJS.WritableStream, 'write'>;
}

/** Rejects what the probe can't do without. */
export function assertCanProbe(): void {
  if (findProgram('ffmpeg') === null) throw new UserError('The probe needs FFmpeg, which is not on the PATH.');
}

/**
 * Probes a platform and prints the report. Resolves to the exit code: 1 if something is wrong. Ctrl-C and SIGTERM end it
 * early; what it made is removed all the same. Rejects with a UserError if the platform can't be found.
 */
export async function runProbeCommand(line: ProbeCommandLine, terminal: ProbeTerminal): Promise<number> {
  assertCanProbe();
  const target = await findTarget(line, terminal.env);
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  const note = (text: string): void => void terminal.stderr.write(`${toPrintable(text)}\n`);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const report = await runProbe({ ...line, target, interrupted: interruption.signal, note });
    terminal.stdout.write(line.isJson ? toJsonLine(report) : formatReport(report));
    if (!report.isComplete) note('Interrupted: not everything was checked.');
    return isGood(report) ? 0 : 1;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function findTarget({ platform, tokenFile }: ProbeCommandLine, environment: NodeJS.ProcessEnv): Promise<ProbeTarget> {
  const token = { tokenFile, environment };
  return platform.kind === 'local' ? localTarget({ ...platform, ...token }) : stageTarget({ ...platform, ...token });
}
