import { COMMANDS } from './stream/commands.ts';
import { runCommand } from './stream/run-command.ts';

/** `npm run stream`: the command line for the control API. */

// Whoever reads the output may stop before its end, as `head` does; there is nobody to tell more then.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCommand(process.argv.slice(2), COMMANDS, process);
