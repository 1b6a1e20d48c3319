import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from '#domain/stream-ids.ts';
import { beginStreamCli, callStreamCli, runStreamCli, startCliApi, startFixedServer } from './stream-cli.ts';

let api: Awaited<ReturnType<typeof startCliApi>>;
let folder: string;
const secret = generateSecret(randomBytes);
beforeAll(async () => {
  api = await startCliApi();
  folder = await mkdtemp(join(tmpdir(), 'headend-cli-'));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

test.each([
  ['help', ['--help'], 0],
  ['a list', ['list'], 0],
  ['a refusal', ['create', '--ladder', '9p'], 1],
  ['a wrong command line', ['publish'], 2],
  ['no API', ['list', '--api', 'http://127.0.0.1:1/api'], 3],
])('exit code of %s', async (_case, args, exitCode) => {
  const { code, stdout, stderr } = await runStreamCli(args, api.environment);
  expect([code, stdout === '', stderr === '']).toEqual([exitCode, exitCode !== 0, exitCode === 0]);
});

describe('an API that cannot be reached exits with 3', () => {
  const list = (apiUrl: string) => callStreamCli(['list'], { HEADEND_API: apiUrl, HEADEND_TOKEN: secret });

  test('nothing listens', async () => {
    const server = await startFixedServer({ status: 200, body: '' });
    await server.close();
    const { code, stdout, stderr } = await list(`${server.url}/api`);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toBe(`No answer from ${server.url}/api: connect ECONNREFUSED ${server.url.slice(7)}.\n`);
  });

  test('https to a server that only speaks http', async () => {
    const server = await startFixedServer({ status: 200, body: '' });
    const { code, stderr } = await list(server.url.replace('http:', 'https:'));
    await server.close();
    expect(code).toBe(3);
    expect(stderr).toMatch(/^No answer from https:\/\/127\.0\.0\.1:\d+: .*SSL.*\.\n$/);
  });

  test('a server that hangs up', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.destroy())).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const { code, stderr } = await list(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
    server.close();
    expect(code).toBe(3);
    expect(stderr).toMatch(/^No answer from \S+: .+\.\n$/);
  });

  test.each([
    ['a web page', { status: 200, body: '<!doctype html>' }, 'an answer of another shape'],
    ['JSON of something else', { status: 200, body: '{"items":[]}' }, 'an answer of another shape'],
    ['a proxy without its backend', { status: 502, body: '<h1>Bad Gateway</h1>' }, 'status 502'],
    ['an error of another API', { status: 404, body: '{"error":"not found"}' }, 'status 404'],
    ['a redirect', { status: 302, headers: { location: '/login' }, body: '' }, 'status 302'],
  ])('%s answers instead', async (_case, answer, got) => {
    const server = await startFixedServer(answer);
    const { code, stdout, stderr } = await list(server.url);
    await server.close();
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toBe(`${server.url} is not Headend's control API: it gave ${got}.\n`);
    expect(server.requests).toHaveLength(1);
  });

  test('a POST is repeated once with the same idempotency key', async () => {
    const server = await startFixedServer({ status: 502, body: '' });
    const { code } = await callStreamCli(['create'], { HEADEND_API: server.url, HEADEND_TOKEN: secret });
    await server.close();
    expect(code).toBe(3);
    const keys = server.requests.map(({ method, headers }) => [method, headers['idempotency-key']]);
    expect(keys).toEqual([keys[0], keys[0]]);
    expect(keys[0]).toEqual(['POST', expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });
});

describe("a refusal exits with 1 and the API's own words", () => {
  test.each([
    ['a detail', { detail: 'The database did not answer; try again.' }, 'The database did not answer; try again.'],
    ['only a title', {}, 'Service Unavailable'],
    ['text that would control the terminal', { detail: 'a\u001b[2Jb\u009b1mc\u202ed' }, 'a [2Jb 1mc d'],
  ])('%s', async (_case, members, shown) => {
    const problem = { type: 'about:blank', title: 'Service Unavailable', status: 503, ...members };
    const server = await startFixedServer({ status: 503, body: JSON.stringify(problem) });
    const exit = await callStreamCli(['list'], { HEADEND_API: server.url, HEADEND_TOKEN: secret });
    await server.close();
    expect(exit).toEqual({ code: 1, stdout: '', stderr: `Refused (503): ${shown}\n` });
  });

  test('a wrong token, which is not printed', async () => {
    const exit = await runStreamCli(['list'], { ...api.environment, HEADEND_TOKEN: secret });
    expect(exit).toEqual({ code: 1, stdout: '', stderr: 'Refused (401): This admin token is not valid.\n' });
  });
});

test('a reader that stops early is not an error', async () => {
  const { child, exited } = beginStreamCli(['--help']);
  child.stdout?.destroy();
  const { code, stderr } = await exited;
  expect([code, stderr]).toEqual([0, '']);
});

test('options and token files take precedence over variables', async () => {
  const path = join(folder, 'token');
  await writeFile(path, `${api.tokens[1]}\n`);
  const wrong = { HEADEND_API: 'http://127.0.0.1:1/api', HEADEND_TOKEN: secret };
  for (const token of [
    ['--token', api.tokens[0]],
    ['--token-file', path],
  ]) {
    const args = ['list', '--json', '--api', `${api.environment.HEADEND_API}/`, ...token];
    expect(await callStreamCli(args, wrong)).toMatchObject({ code: 0, stderr: '' });
  }
});
