import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The first 900 or so only warm the server up. `npm run fuzz:rtmp -- --connections 11000` is the whole measurement. */
const CONNECTIONS = 1_500;

async function fuzz(...options: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const fuzzer = spawn(process.execPath, ['scripts/run.mjs', 'fuzz-rtmp', ...options], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(fuzzer.stdout), text(fuzzer.stderr), once(fuzzer, 'exit')]);
  return { code, stdout, stderr };
}

const figure = (stdout: string, name: string): number => Number(new RegExp(`^${name}: (.+)$`, 'm').exec(stdout)?.[1]);

test('more than a thousand damaged sessions of FFmpeg neither end the RTMP server nor leave anything behind in it', async () => {
  const { code, stdout, stderr } = await fuzz('--connections', String(CONNECTIONS), '--seed', '2026');
  expect(stdout + stderr).toContain('no failures');
  expect(code).toBe(0);
  expect(figure(stdout, 'connections')).toBe(CONNECTIONS);
  expect(figure(stdout, 'residentGrowthConnections')).toBeGreaterThanOrEqual(CONNECTIONS - 1_000);
  // Some sessions got past the handshake, past the key and to FFmpeg, and many broke the guard's rules.
  expect(figure(stdout, 'publishes')).toBeGreaterThan(100);
  expect(figure(stdout, 'transcoders')).toBeGreaterThan(0);
  expect(figure(stdout, 'violations')).toBeGreaterThan(500);
});

// These do little, and run side by side.
test.concurrent('a run fails if its time is up before its connections were made', async () => {
  const { code, stdout } = await fuzz('--seed', '7', '--connections', '1000000', '--seconds', '1');
  expect(code).toBe(1);
  expect(stdout).toMatch(/only \d+ of 1000000 connections were made in 1 s/);
});

test.concurrent('one connection of a seed can be repeated', async () => {
  const { code, stdout } = await fuzz('--seed', '7', '--iteration', '5');
  expect({ code, connections: figure(stdout, 'connections') }).toEqual({ code: 0, connections: 1 });
});

test.concurrent.each([
  ['--connections', '0'],
  ['--seed', '4294967296'],
  ['--iterations', '5'],
])('%s %s is refused with the usage', async (...options) => {
  const { code, stdout, stderr } = await fuzz(...options);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('npm run fuzz:rtmp --');
});
