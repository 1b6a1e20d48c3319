import { EDGE_USAGE, parseEdgeOptions } from './local/edge-options.ts';
import { makePrivateFiles } from './local/private-folder.ts';
import { runUntilStopped } from './local/run-until-stopped.ts';
import { startStandaloneEdge } from './local/standalone-edge.ts';
import { welcome } from './local/welcome.ts';

if (process.argv.includes('--help')) {
  process.stdout.write(`${EDGE_USAGE}\n`);
  process.exit(0);
}

makePrivateFiles();

/** `npm run edge`: runs the local platform without encoder, until Ctrl-C or SIGTERM. */
await runUntilStopped(async () => {
  const edge = await startStandaloneEdge(parseEdgeOptions(process.argv.slice(2)));
  return { output: welcome({ ...edge, demoStream: null, logPath: null, taskLogPaths: [] }), close: edge.close };
});
