import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SECONDS = 30;
/** Of a slow machine; of these some 900 only warm it up. The whole figure is for `npm run fuzz:rtmp -- --connections 11000`. */
const MIN_CONNECTIONS = 1_200;

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

test('thousands of damaged sessions of FFmpeg neither end the RTMP server nor leave anything behind in it', async () => {
  const { code, stdout, stderr } = await fuzz('--seconds', String(SECONDS), '--seed', '2026');
  expect(stdout + stderr).toContain('no failures');
  expect(code).toBe(0);
  // It got past the handshake, past the key, to FFmpeg, and onto the guard's toes.
  expect(figure(stdout, 'connections')).toBeGreaterThanOrEqual(MIN_CONNECTIONS);
  expect(figure(stdout, 'residentGrowthConnections')).toBeGreaterThanOrEqual(MIN_CONNECTIONS - 1_000);
  expect(figure(stdout, 'publishes')).toBeGreaterThan(100);
  expect(figure(stdout, 'transcoders')).toBeGreaterThan(0);
  expect(figure(stdout, 'violations')).toBeGreaterThan(500);
});

test('a run ends after the connections that it was to make, and fails where it did not make them', async () => {
  const whole = await fuzz('--seed', '7', '--connections', '40');
  expect(whole.stdout).toContain('no failures');
  expect(figure(whole.stdout, 'connections')).toBe(40);
  const short = await fuzz('--seed', '7', '--connections', '1000000', '--seconds', '1');
  expect(short.code).toBe(1);
  expect(short.stdout).toMatch(/only \d+ of 1000000 connections were made in 1 s/);
});

test('one connection of a seed can be repeated', async () => {
  const { code, stdout } = await fuzz('--seed', '7', '--iteration', '5');
  expect({ code, connections: figure(stdout, 'connections') }).toEqual({ code: 0, connections: 1 });
});

test.each([
  ['--seconds', '0'],
  ['--seconds', 'soon'],
  ['--connections', '0'],
  ['--seed', '-1'],
  ['--seed', '4294967296'],
  ['--iterations', '5'],
])('%s %s is refused with the usage', async (...options) => {
  const { code, stdout, stderr } = await fuzz(...options);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('npm run fuzz:rtmp --');
});
