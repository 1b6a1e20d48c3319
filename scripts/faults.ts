import { FAULTS_USAGE, type FaultsCommandLine, parseFaultsCommandLine } from './faults/command-line.ts';
import { runFaultsCommand } from './faults/faults-command.ts';
import { errorMessage, UserError } from './terminal/errors.ts';

/** `npm run faults`: breaks broadcasts in all ways that we know of, and says what viewers see of it. */

const WRONG_USAGE = 2;

function readCommandLine(): FaultsCommandLine | null | undefined {
  try {
    return parseFaultsCommandLine(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\n\n${FAULTS_USAGE}\n`);
    return undefined;
  }
}

try {
  const line = readCommandLine();
  if (line === null) process.stdout.write(`${FAULTS_USAGE}\n`);
  if (line === undefined) process.exitCode = WRONG_USAGE;
  else process.exitCode = line === null ? 0 : await runFaultsCommand(line, process);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
