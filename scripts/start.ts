import { type Platform, startPlatform } from './local/platform.ts';
import { makePrivateFiles } from './local/private-folder.ts';
import { runUntilStopped } from './local/run-until-stopped.ts';
import { checkKeptByNpm, parseStartOptions, START_USAGE } from './local/start-options.ts';
import { networkWarning, welcome } from './local/welcome.ts';

if (process.argv.includes('--help')) {
  process.stdout.write(`${START_USAGE}\n`);
  process.exit(0);
}

makePrivateFiles();

/** `npm start`: runs the whole platform on this machine, until Ctrl-C or SIGTERM. */
await runUntilStopped(async () => {
  checkKeptByNpm(process.env);
  const options = parseStartOptions(process.argv.slice(2));
  const platform = await startPlatform(options);
  if (options.json && platform.reach.isOpen) process.stderr.write(`${networkWarning(platform.reach).join('\n')}\n`);
  return {
    output: options.json ? readyLine(platform) : welcome({ ...platform, isTerminal: process.stdout.isTTY }),
    close: platform.close,
  };
});

/** One line for other programs. */
function readyLine({ rtmpUrl, playbackBaseUrl, apiUrl, adminToken, studioUrl, tasks }: Platform): string {
  return `${JSON.stringify({ ready: true, rtmpUrl, playbackBaseUrl, apiUrl, adminToken, studioUrl, tasks })}\n`;
}
