import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '#kit/wait-for.ts';
import { publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, FREE_PORTS, runStart, startTestPlatform } from '#test/support/platform.ts';

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe('npm start', () => {
  afterEach(closeTestPlatforms);

  test.each<[string, string[], RegExp, Record<string, string>?]>([
    ['an unknown option', ['--htp-port', '80'], /--htp-port.*Options:/s],
    ['an unknown publish mode', [...FREE_PORTS], /^PUBLISH_MODE must be/, { PUBLISH_MODE: 'b' }],
    ['a data folder below a file', [...FREE_PORTS, '--data-dir', '/dev/null/data'], /--data-dir/],
  ])('refuses %s with one line', async (_case, args, message, environment = {}) => {
    const { code, stdout, stderr } = await runStart(args, environment);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });

  test('says what its options are, and starts nothing', async () => {
    const { code, stdout } = await runStart(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Options: .*--tasks 1 \(to 9\).*\n$/);
  });

  test.each(['--http-port', '--rtmp-port'])(
    'says which option to change if the port of %s is taken',
    async (option) => {
      const squatter = createServer().listen(0, '127.0.0.1');
      await once(squatter, 'listening');
      const { port } = squatter.address() as AddressInfo;
      // Of an option that is given twice, the last one counts.
      const { code, stderr } = await runStart([...FREE_PORTS, option, String(port)]);
      squatter.close();
      expect(code).toBe(1);
      expect(stderr).toBe(`Port ${port} is taken by another program; choose another with ${option}.\n`);
    },
  );

  test('keeps streams and token over a restart, and leaves no process behind', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'headend-test-'));
    const first = await startTestPlatform({ dataDir });
    const stream = await first.createStream({ ladder: '360p' });
    const publisher = await publish(stream.publishUrl);
    await waitUntilPlayable(stream);
    const pids = [...first.tasks.map((task) => task.pid), ...(await first.ffmpegPids())];
    expect(pids.length).toBe(2);
    const exit = await first.stop();
    await publisher.exited;
    expect(exit.code).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);

    const second = await startTestPlatform({ dataDir });
    expect(second.adminToken).toBe(first.adminToken);
    const answer = await second.callApi('GET', `/streams/${stream.id}`);
    expect(await answer.json()).toMatchObject({ id: stream.id, playbackId: stream.playbackId, status: 'idle' });
    const again = await publish(`${second.rtmpUrl}/${stream.streamKey}`);
    await waitUntilPlayable({ liveUrl: `${second.playbackBaseUrl}/live/${stream.playbackId}` });
    await again.stop();
    await second.close();
  });

  test('starts a lost encoder again on the same ports', async () => {
    const platform = await startTestPlatform();
    const stream = await platform.createStream({ ladder: '360p' });
    const [task] = platform.tasks;
    process.kill(task?.pid ?? 0, 'SIGKILL');
    await waitFor('the encoder to be gone', () => !isRunning(task?.pid ?? 0));
    const isHealthy = () =>
      fetch(`${task?.httpUrl}/health`).then(
        (response) => response.ok,
        () => false,
      );
    await waitFor('its successor', isHealthy);
    // A publisher that finds no RTMP server gives up.
    const publisher = await publish(stream.publishUrl);
    await waitUntilPlayable(stream);
    await publisher.stop();
    await platform.close();
  });

  test('keeps its secrets from other users of the machine', async () => {
    const platform = await startTestPlatform();
    const entries = await readdir(platform.dataDir, { withFileTypes: true, recursive: true });
    expect(entries.length).toBeGreaterThan(10);
    for (const entry of entries) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      expect([entry.name, (mode & 0o777).toString(8)]).toEqual([entry.name, entry.isDirectory() ? '700' : '600']);
    }
    await platform.close();
  });

  test('does not touch a data folder that another platform runs on, nor its log', async () => {
    const platform = await startTestPlatform();
    const { dataDir } = platform;
    const stateBefore = await stat(join(dataDir, 'local.json'));
    const logBefore = await platform.log();
    expect(logBefore).not.toBe('');
    const { code, stderr } = await runStart([...FREE_PORTS, '--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(stderr).toBe(`The database in ${join(dataDir, 'dynamodb')} can't be opened; is another Headend using it?\n`);
    expect((await platform.log()).startsWith(logBefore)).toBe(true);
    expect((await stat(join(dataDir, 'local.json'))).ino).toBe(stateBefore.ino);
    await platform.close();
  });

  test('says which file to remove if its state is damaged', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'headend-test-'));
    await writeFile(join(dataDir, 'local.json'), '{"adminToken":');
    const { code, stderr } = await runStart([...FREE_PORTS, '--data-dir', dataDir]);
    await rm(dataDir, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(dataDir, 'local.json')} can't be read; remove it to start afresh`);
  });
});
