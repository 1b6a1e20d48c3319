import { callStreamCli, runStreamCli, startCliApi } from './stream-cli.ts';

let api: Awaited<ReturnType<typeof startCliApi>>;
beforeAll(async () => {
  api = await startCliApi();
});
afterAll(() => api.close());

/** As a process of its own, which takes longer. */
const run = (...args: string[]) => runStreamCli(['token', ...args], api.environment);
const call = (...args: string[]) => callStreamCli(['token', ...args], api.environment);

test('a token is made, used, listed without its secret, and revoked by its name', async () => {
  expect((await call('list')).stdout).toBe('There are no tokens.\n');
  const created = await run('create', '--name', 'Build server');
  expect([created.code, created.stderr]).toEqual([0, '']);
  const [, token = '', id = ''] = /^([a-z2-7]{32})\n\n.*"Build server" \(([a-z2-7]{16})\)/.exec(created.stdout) ?? [];
  const asServer = { ...api.environment, HEADEND_TOKEN: token };
  expect((await callStreamCli(['list'], asServer)).code).toBe(0);

  const table = await call('list');
  expect(table.stdout).toMatch(
    new RegExp(
      `^ID +NAME +SCOPE +STREAM +CREATED +EXPIRES +LAST USED\n${id}  Build server  admin  all +\\d{4}-\\S+Z  never +\\d{4}-\\S+Z\n$`,
    ),
  );
  const json = await call('list', '--json');
  const limits = { scope: 'admin', streamId: null, expiresAt: null };
  const used = { createdAt: expect.any(String), lastUsedAt: expect.any(String) };
  const listed = { id, name: 'Build server', ...limits, ...used };
  expect(JSON.parse(json.stdout)).toEqual({ tokens: [listed], nextCursor: null });
  expect(table.stdout + json.stdout).not.toContain(token);

  expect(await call('revoke', 'Build server')).toEqual({ code: 0, stdout: `Revoked the token ${id}.\n`, stderr: '' });
  const refused = await callStreamCli(['list'], asServer);
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toBe('Refused (401): This admin token is not valid.\n');
});

test('JSON includes the new token, and a list ends at its limit', async () => {
  const created = JSON.parse((await call('create', '--name', 'a', '--json')).stdout);
  expect(created).toEqual({
    id: expect.stringMatching(/^[a-z2-7]{16}$/),
    name: 'a',
    token: expect.stringMatching(/^[a-z2-7]{32}$/),
    scope: 'admin',
    streamId: null,
    createdAt: expect.any(String),
    expiresAt: null,
    lastUsedAt: null,
  });
  await call('create', '--name', 'b');
  const first = await call('list', '--limit', '1', '--json');
  expect(JSON.parse(first.stdout).tokens).toHaveLength(1);
  expect(first.stderr).toBe('There are more: raise --limit.\n');
  expect((await call('revoke', created.id, '--json')).stdout).toBe(`{"id":"${created.id}","revoked":true}\n`);
});

test('a token may be for one stream, named by its title, to read, and for a while', async () => {
  const { json: stream } = await api.call('POST', '/api/streams', { body: { title: 'Friday talk' } });
  const options = ['--scope', 'streams:read', '--stream', 'Friday talk', '--expires', '30d'];
  const token = JSON.parse((await call('create', '--name', 'ci', ...options, '--json')).stdout);
  expect(token).toMatchObject({ scope: 'streams:read', streamId: stream.id });
  expect(Date.parse(token.expiresAt) - Date.parse(token.createdAt)).toBeGreaterThan(29 * 86_400_000);
  const asCi = { ...api.environment, HEADEND_TOKEN: token.token };
  expect((await callStreamCli(['show', stream.id], asCi)).code).toBe(0);
  const { code, stderr } = await callStreamCli(['stop', stream.id], asCi);
  expect([code, stderr]).toEqual([
    1,
    'Refused (403): This needs a token with the scope "streams:end". This token has "streams:read".\n',
  ]);
});

test.each([
  ['no name', ['create'], 2, /^Say whom or what the token is for: --name TEXT\.\n$/],
  ['an unknown scope', ['create', '--name', 'a', '--scope', 'all'], 1, /^Refused \(422\): scope: /],
  ['an unknown stream', ['create', '--name', 'a', '--stream', 'nothing'], 1, /^There is no stream "nothing"\.\n$/],
  ['no moment', ['create', '--name', 'a', '--expires', 'soon'], 2, /^--expires must be a duration /],
  [
    'a moment in the past',
    ['create', '--name', 'a', '--expires', '2020-01-01T00:00:00Z'],
    1,
    /^Refused \(422\): expiresAt: Must be in the future\n$/,
  ],
  ['an empty name', ['create', '--name', ''], 1, /^Refused \(422\): name: /],
  [
    'a name without its option',
    ['create', 'ci'],
    2,
    /^There are too many arguments\.\n\nUsage: .* token create \[options\]\n/,
  ],
  ['a token that does not exist', ['revoke', 'aaaaaaaaaaaaaaaa'], 1, /^Refused \(404\): There is no admin token/],
  ['an unknown name', ['revoke', 'nobody'], 1, /^There is no token "nobody"\.\n$/],
  ['no token to revoke', ['revoke'], 2, /^Name the TOKEN\.\n\nUsage: .* token revoke TOKEN \[options\]\n/],
])('%s is refused', async (_case, args, exitCode, message) => {
  const { code, stdout, stderr } = await call(...args);
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(stderr).toMatch(message);
});
