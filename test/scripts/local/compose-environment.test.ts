import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SECRET_PATTERN } from '#domain/stream-ids.ts';
import { makeComposeEnvironment } from '#scripts/local/compose-environment.ts';
import { parseEnvironmentFile } from '#test/support/compose.ts';

let outDir: string;
beforeEach(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'headend-compose-'));
});
afterEach(() => rm(outDir, { recursive: true, force: true }));

test('whoever checks signatures and whoever signs have one secret, and the edge another', async () => {
  const variables = parseEnvironmentFile(await readFile(await makeComposeEnvironment(outDir, randomBytes), 'utf8'));
  expect(variables.LOCAL_AWS_SECRET).toMatch(SECRET_PATTERN);
  expect(variables).toEqual({
    LOCAL_AWS_SECRET: variables.LOCAL_AWS_SECRET,
    AWS_SECRET_ACCESS_KEY: variables.LOCAL_AWS_SECRET,
    EDGE_SECRET: expect.stringMatching(SECRET_PATTERN),
  });
  expect(variables.EDGE_SECRET).not.toBe(variables.LOCAL_AWS_SECRET);
});

test('a file of a former version, which lacks a secret, is replaced', async () => {
  await writeFile(join(outDir, 'compose.env'), 'LOCAL_AWS_SECRET=a\nAWS_SECRET_ACCESS_KEY=a\n');
  const variables = parseEnvironmentFile(await readFile(await makeComposeEnvironment(outDir, randomBytes), 'utf8'));
  expect(Object.keys(variables)).toEqual(['LOCAL_AWS_SECRET', 'AWS_SECRET_ACCESS_KEY', 'EDGE_SECRET']);
});

test('only its owner can read it, and it stays the same', async () => {
  const path = await makeComposeEnvironment(join(outDir, 'dist'), randomBytes);
  const first = await readFile(path, 'utf8');
  await chmod(path, 0o644);
  expect(await makeComposeEnvironment(join(outDir, 'dist'), randomBytes)).toBe(path);
  expect(await readFile(path, 'utf8')).toBe(first);
  expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
});
