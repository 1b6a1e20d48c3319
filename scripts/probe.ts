import { PROBE_USAGE, type ProbeCommandLine, parseProbeCommandLine } from './probe/command-line.ts';
import { localTarget } from './probe/local-target.ts';
import { formatReport, isGood, toJsonLine } from './probe/probe-output.ts';
import type { ProbeTarget } from './probe/probe-target.ts';
import { runProbe } from './probe/run-probe.ts';
import { stageTarget } from './probe/stage-target.ts';
import { CommandError } from './stream/command-error.ts';
import { errorMessage, UserError } from './terminal/errors.ts';
import { toPrintable } from './terminal/text-table.ts';

/** `npm run probe`: acts as broadcaster and viewer of a running platform, and says what is wrong with it. */

const WRONG_USAGE = 2;

function findTarget({ platform, tokenFile }: ProbeCommandLine): Promise<ProbeTarget> {
  const token = { tokenFile, environment: process.env };
  return platform.kind === 'local' ? localTarget({ ...platform, ...token }) : stageTarget({ ...platform, ...token });
}

async function probe(line: ProbeCommandLine): Promise<number> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  const note = (text: string): void => void process.stderr.write(`${toPrintable(text)}\n`);
  const report = await runProbe({
    ...line,
    target: await findTarget(line),
    interrupted: interruption.signal,
    note,
  });
  process.stdout.write(line.isJson ? toJsonLine(report) : formatReport(report));
  if (interruption.signal.aborted) note('Interrupted: not everything was checked.');
  return isGood(report) && !interruption.signal.aborted ? 0 : 1;
}

function readCommandLine(): ProbeCommandLine | null {
  try {
    return parseProbeCommandLine(process.argv.slice(2));
  } catch (error) {
    throw new CommandError('usage', `${errorMessage(error)}\n\n${PROBE_USAGE}`, { cause: error });
  }
}

try {
  const line = readCommandLine();
  if (line === null) process.stdout.write(`${PROBE_USAGE}\n`);
  process.exitCode = line === null ? 0 : await probe(line);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof CommandError && error.kind === 'usage' ? WRONG_USAGE : 1;
}
