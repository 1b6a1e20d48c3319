const shared = {
  rootDir: import.meta.dirname ?? new URL('.', import.meta.url).pathname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '\\.tsx?$': '<rootDir>/test/support/esbuild-transform.mjs' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/cdk.out/', '<rootDir>/.headend/'],
};

/**
 * Four projects, told apart by file name and folder:
 * - `unit` stays within the test's own process: pure code, sockets and a DynamoDB server. Everything that is not below.
 * - `integration` (`*.integration.test.ts`) starts other programs: FFmpeg, Chromium, a CDK synthesis, our own commands.
 * - `e2e` (`test/e2e/`) runs the whole platform.
 * - `e2e-alone` (`test/e2e/alone/`) does so with enough load for all cores of a small machine. `*.alone.test.ts` are tests of a
 *   part that need an idle core, because they measure how fast FFmpeg is.
 */
export default {
  // Ends a test that hangs. Machines are shared and slow at times: no test measures with it.
  testTimeout: 240_000,
  // Of `test.concurrent`, in one file: what a slow core encodes in real time.
  maxConcurrency: 3,
  testSequencer: '<rootDir>/test/support/slow-first-sequencer.mjs',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.(integration|alone)\\.test\\.ts$', '<rootDir>/test/e2e/'],
    },
    { ...shared, displayName: 'integration', testMatch: ['<rootDir>/test/**/*.integration.test.ts'] },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/*.test.ts'] },
    {
      ...shared,
      displayName: 'e2e-alone',
      testMatch: ['<rootDir>/test/e2e/alone/*.test.ts', '<rootDir>/test/**/*.alone.test.ts'],
    },
  ],
};
