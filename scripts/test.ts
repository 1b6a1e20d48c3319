import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALONE } from './testing/run-jest.ts';
import { runTests } from './testing/run-tests.ts';

// `npm test`: everything.

// A stage takes long to synthesise. Each is synthesised once, for all the tests that read its templates.
const synthDir = mkdtempSync(join(tmpdir(), 'headend-synth-'));
process.env.HEADEND_SYNTH_DIR = synthDir;
process.once('exit', () => rmSync(synthDir, { recursive: true, force: true }));

await runTests([
  // Many tests wait for sockets and processes: one worker for each core, where Jest's default leaves a core to itself.
  ['--selectProjects', 'unit', 'integration', '--maxWorkers=100%'],
  // A platform with a small stream keeps half a core busy. Two at a time leave room on two cores, also on a slow machine.
  ['--selectProjects', 'e2e', '--maxWorkers=2'],
  // These encode several streams, or as much as the CPU can do. Tests beside them would miss real time.
  ['--selectProjects', 'e2e-alone', ...ALONE],
]);
