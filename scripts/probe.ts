import { PROBE_USAGE, type ProbeCommandLine, parseProbeCommandLine } from './probe/command-line.ts';
import { runProbeCommand } from './probe/probe-command.ts';
import { CommandError } from './stream/command-error.ts';
import { errorMessage, UserError } from './terminal/errors.ts';

/** `npm run probe`: acts as broadcaster and viewer of a running platform, and says what is wrong with it. */

const WRONG_USAGE = 2;

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
  process.exitCode = line === null ? 0 : await runProbeCommand(line, process);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof CommandError && error.kind === 'usage' ? WRONG_USAGE : 1;
}
