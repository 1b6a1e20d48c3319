import { CHECK_HLS_EXIT, runCheckHls } from './check-hls/check-hls-command.ts';
import { CHECK_HLS_USAGE, type CheckHlsCommandLine, parseCheckHlsCommandLine } from './check-hls/command-line.ts';
import { errorMessage } from './terminal/errors.ts';

/** `npm run check:hls`: watches a live stream and says which rules of RFC 8216bis it breaks. */

function readCommandLine(): CheckHlsCommandLine | null | undefined {
  try {
    return parseCheckHlsCommandLine(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\n\n${CHECK_HLS_USAGE}\n`);
    return undefined;
  }
}

const line = readCommandLine();
if (line === null) process.stdout.write(`${CHECK_HLS_USAGE}\n`);
if (line === undefined) process.exitCode = CHECK_HLS_EXIT.wrongUsage;
else process.exitCode = line === null ? CHECK_HLS_EXIT.clean : await runCheckHls(line, process);
