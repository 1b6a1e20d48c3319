import { waitFor } from '#kit/wait-for.ts';
import { closeTestPlatforms, startTestPlatform } from '#test/support/platform.ts';
import { callStreamCli, runStreamCli } from './stream-cli.ts';

afterEach(closeTestPlatforms);

test('the platform of a data folder is found only while it runs', async () => {
  const platform = await startTestPlatform();
  const run = (...args: string[]) => runStreamCli([...args, '--data-dir', platform.dataDir]);
  const created = await run('create', '--title', 'Here', '--json');
  expect([created.code, created.stderr]).toEqual([0, '']);
  const { id, playbackId } = JSON.parse(created.stdout);
  expect((await run('list')).stdout).toMatch(
    new RegExp(`^${id}  Here .* ${platform.playbackBaseUrl}/watch/${playbackId}$`, 'm'),
  );

  await platform.stop();
  const gone = await run('list');
  expect([gone.code, gone.stdout]).toEqual([3, '']);
  expect(gone.stderr).toContain(`No Headend runs on ${platform.dataDir}: start it with "npm start"`);
});

test('a killed platform cannot be reached, but the next one can', async () => {
  const platform = await startTestPlatform();
  const { dataDir, pid, tasks } = platform;
  const call = () => callStreamCli(['list', '--data-dir', dataDir]);
  process.kill(pid, 'SIGKILL');
  process.kill(tasks[0]?.pid ?? 0, 'SIGKILL');
  const exit = await waitFor('an unreachable API', async () => {
    const { code, stderr } = await call();
    return code === 3 ? stderr : null;
  });
  expect(exit).toMatch(/^No answer from \S+\/api: .*ECONN.* The platform on .* seems to have ended; "npm start"/);
  // Checks the output before the next start begins a new log.
  await platform.stop();
  const next = await startTestPlatform({ dataDir });
  expect(await call()).toMatchObject({ code: 0, stderr: '' });
  await next.close();
});
