import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'headend-jest-')));
});
afterEach(() => rm(folder, { recursive: true }));

/** Fails the first time only, since it leaves a file behind. */
const failsOnce = (what: string) => `
  const { existsSync, writeFileSync } = require('node:fs');
  const mark = __filename + '.mark';
  const isSecond = existsSync(mark);
  writeFileSync(mark, '');
  ${what}`;
const FILES = {
  good: `test('is good', () => {});`,
  flaky: failsOnce(`test('is flaky', () => expect(isSecond).toBe(true)); test('is steady', () => {});`),
  unloadable: failsOnce(`if (!isSecond) throw new Error('not yet'); test('is there', () => {});`),
  bad: `test('is bad', () => { throw new Error('always'); }); test('is fair', () => {});`,
};

/** Runs the Jest project of these files in a process of its own, as `npm test` does. */
async function run(...names: readonly (keyof typeof FILES)[]) {
  for (const name of names) await writeFile(join(folder, `${name}.test.js`), FILES[name]);
  const config = JSON.stringify({ rootDir: folder, transform: {} });
  const script = `
    import { runJest } from './scripts/testing/run-jest.ts';
    console.log('RESULT ' + JSON.stringify(await runJest(['--config', ${JSON.stringify(config)}, '--maxWorkers=2'])));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    {
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  return JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? '');
}

const flaky = (name: keyof typeof FILES, test: string) => ({ path: join(folder, `${name}.test.js`), name: test });

test('tests that pass when their file runs again are flaky and do not fail the run', async () => {
  const result = await run('good', 'flaky', 'unloadable');
  expect(result).toMatchObject({ passed: 4, failed: 0 });
  expect(result.flaky).toHaveLength(2);
  expect(result.flaky).toContainEqual(flaky('flaky', 'is flaky'));
  expect(result.flaky).toContainEqual(flaky('unloadable', '(the file as a whole)'));
});

test('a test that fails again fails the run', async () => {
  expect(await run('good', 'flaky', 'bad')).toEqual({ passed: 4, failed: 1, flaky: [flaky('flaky', 'is flaky')] });
});

test('a run without any test has failed', async () => {
  expect(await run()).toEqual({ passed: 0, failed: 1, flaky: [] });
});
