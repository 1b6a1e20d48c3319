import { StudioSession, signIn } from '#test/support/studio-session.ts';
import { callStreamCli, startCliApi } from './stream-cli.ts';

let api: Awaited<ReturnType<typeof startCliApi>>;
beforeAll(async () => {
  api = await startCliApi();
});
afterAll(() => api.close());

const call = (...args: string[]) => callStreamCli(args, api.environment);

test('a link is made, listed without its secret, used, and its session is revoked by name', async () => {
  expect((await call('invite', 'list')).stdout).toBe('There are no unused links.\n');
  expect((await call('session', 'list')).stdout).toBe('Nobody is signed in.\n');
  const created = await call('invite', '--name', 'Ada', '--role', 'broadcaster');
  expect([created.code, created.stderr]).toEqual([0, '']);
  expect(created.stdout).toContain('This link signs "Ada" in as broadcaster. It works once.');
  const [, secret = ''] = /^http:\/\/127\.0\.0\.1:8080\/studio\/#invite=([a-z2-7]{32})\n/.exec(created.stdout) ?? [];
  const listed = await call('invite', 'list');
  expect(listed.stdout).toMatch(/^ID +NAME +ROLE +CREATED +EXPIRES\n[a-z2-7]{16} +Ada +broadcaster +\S+Z +\S+Z\n$/);
  expect(listed.stdout).not.toContain(secret);

  const session = await StudioSession.of(api, await signIn(api, { invite: secret }));
  expect((await call('invite', 'list')).stdout).toBe('There are no unused links.\n');
  expect((await call('session', 'list')).stdout).toMatch(
    new RegExp(`^ID .*\n${session.id} +Ada +broadcaster +streams:write +own +`),
  );
  expect((await call('session', 'revoke', 'Ada')).stdout).toBe(`Revoked the session ${session.id}.\n`);
  expect((await session.call('GET', '/api/streams')).status).toBe(401);
});

test('JSON has the link, and an unused one is revoked by its name', async () => {
  const created = JSON.parse((await call('invite', '--name', 'Bob', '--role', 'owner', '--json')).stdout);
  expect(created).toMatchObject({ name: 'Bob', role: 'owner', url: expect.stringContaining('#invite=') });
  expect(await call('invite', 'revoke', 'Bob', '--json')).toMatchObject({
    code: 0,
    stdout: `{"id":"${created.id}","revoked":true}\n`,
  });
  expect((await signIn(api, { invite: created.url.split('=')[1] })).status).toBe(401);
});

test.each([
  ['no name', ['invite', '--role', 'owner'], 2, /^Say whom the link is for: --name TEXT\.\n$/],
  [
    'no role',
    ['invite', '--name', 'a'],
    2,
    /^Say what they may do: --role owner\|producer\|broadcaster\|moderator\.\n$/,
  ],
  ['an unknown role', ['invite', '--name', 'a', '--role', 'admin'], 1, /^Refused \(422\): role: /],
  ['an unknown link', ['invite', 'revoke', 'nobody'], 1, /^There is no invitation "nobody"\.\n$/],
  ['an unknown session', ['session', 'revoke', 'aaaaaaaaaaaaaaaa'], 1, /^Refused \(404\): There is no session/],
])('%s is refused', async (_case, args, exitCode, message) => {
  const { code, stdout, stderr } = await call(...args);
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(stderr).toMatch(message);
});
