// Runs one of the project's commands. Installs what the command needs first, then runs its TypeScript in this same
// process, so that signals sent to this process reach the command.
import './setup.mjs';

/** The program of each command, with the arguments that go before those of the command line. */
const COMMANDS = {
  start: ['start.ts'],
  edge: ['edge.ts'],
  build: ['build.ts'],
  'image-refresh': ['image-refresh.ts'],
  synth: ['cdk.ts', 'synth'],
  deploy: ['cdk.ts', 'deploy'],
  diff: ['cdk.ts', 'diff'],
  destroy: ['cdk.ts', 'destroy'],
  'viewer-keys': ['viewer-keys.ts'],
  stream: ['stream.ts'],
  plan: ['plan.ts'],
  probe: ['probe.ts'],
  faults: ['faults.ts'],
  'check-hls': ['check-hls.ts'],
  test: ['test.ts'],
  'test-fast': ['test-fast.ts'],
  bench: ['bench.ts'],
  'fuzz-rtmp': ['fuzz-rtmp.ts'],
};
const command = process.argv[2] ?? '';
if (!Object.hasOwn(COMMANDS, command)) {
  process.stderr.write(`Unknown command ${command}; known: ${Object.keys(COMMANDS).join(', ')}.\n`);
  process.exit(2);
}
const [program, ...args] = COMMANDS[command];
process.argv.splice(2, 1, ...args);
// setup.mjs checks the version of Node.js. Without this, the AWS SDK prints its own notice on every start.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// The cache is a folder with a well-known name in the folder for temporary files. Another user of the machine may have made it,
// with code of their own.
process.env.TSX_DISABLE_CACHE = '1';
const { register } = await import('tsx/esm/api');
register();
await import(`./${program}`);
