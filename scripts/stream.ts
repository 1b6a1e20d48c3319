import { COMMANDS } from './stream/commands.ts';
import { runCommand } from './stream/run-command.ts';

/** `npm run stream`: the command line of the control API. */

// Programs such as `head` stop reading before the end of the output. The command can end then.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCommand(process.argv.slice(2), COMMANDS, process);
