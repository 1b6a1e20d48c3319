// Runs one of the project's commands: installs what it needs, then hands over to its TypeScript in this same process, so
// that a signal sent to it reaches the command itself.
import './setup.mjs';

const COMMANDS = [
  'start',
  'edge',
  'build',
  'synth',
  'deploy',
  'diff',
  'destroy',
  'viewer-keys',
  'stream',
  'test',
  'test-fast',
  'bench',
  'fuzz-rtmp',
];
const [command] = process.argv.splice(2, 1);
if (!COMMANDS.includes(command)) {
  process.stderr.write(`Unknown command ${command}; known: ${COMMANDS.join(', ')}.\n`);
  process.exit(2);
}
// setup.mjs says which Node.js versions are good; the AWS SDK's own notice would greet every start.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const { register } = await import('tsx/esm/api');
register();
await import(`./${command}.ts`);
