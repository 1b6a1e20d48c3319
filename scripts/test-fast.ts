import { runTests } from './testing/run-tests.ts';

// `npm run test:fast`: format, lint, types and unit tests. Needs neither FFmpeg nor Chromium.
await runTests([['--selectProjects', 'unit', '--maxWorkers=100%']]);
