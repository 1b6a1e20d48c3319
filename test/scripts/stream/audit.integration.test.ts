import { callStreamCli, runStreamCli, startCliApi } from './stream-cli.ts';

let api: Awaited<ReturnType<typeof startCliApi>>;
beforeEach(async () => {
  api = await startCliApi();
});
afterEach(() => api.close());

const call = (...args: string[]) => callStreamCli(args, api.environment);

test('a table shows who changed what, the newest first', async () => {
  expect((await call('audit')).stdout).toBe('There are no changes.\n');
  await call('token', 'create', '--name', 'ci', '--scope', 'streams:write');
  const { json: stream } = await api.call('POST', '/api/streams', { body: { title: 'Old' } });
  await call('update', stream.id, '--title', 'New');
  const { code, stdout, stderr } = await runStreamCli(['audit'], api.environment);
  expect([code, stderr]).toEqual([0, '']);
  const [head, update, ...older] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^TIME +WHO +FROM +STATUS +WHAT +CHANGE$/);
  expect(update).toMatch(/^\d{4}-\S+Z {2}bootstrap \([a-z2-7]{16}\) +127\.0\.0\.1 +200 +PATCH \/api\/streams\//);
  expect(update).toMatch(/ title "Old" -> "New"$/);
  expect(older).toHaveLength(2);
  expect(older.join('\n')).toMatch(/POST +\/api\/tokens .*name "ci", scope "streams:write"/);
});

test('JSON has all fields, and a list ends at its limit', async () => {
  const { json: stream } = await api.call('POST', '/api/streams', { body: { title: 'Old' } });
  await call('stop', stream.id);
  const { stdout, stderr } = await call('audit', '--limit', '1', '--json');
  const { entries, nextCursor } = JSON.parse(stdout);
  expect(entries).toMatchObject([{ action: 'POST /api/streams/{id}/stop', streamId: stream.id, status: 202 }]);
  expect(nextCursor).toMatch(/^\d{15}-/);
  expect(stderr).toBe('There are more: raise --limit.\n');
});

test('a token without the scope is refused in words', async () => {
  const { json } = await api.call('POST', '/api/tokens', { body: { name: 'a', scope: 'streams:write' } });
  const { code, stderr } = await callStreamCli(['audit'], { ...api.environment, HEADEND_TOKEN: json.token });
  expect([code, stderr]).toEqual([
    1,
    'Refused (403): This needs a token with the scope "admin". This token has "streams:write".\n',
  ]);
});
