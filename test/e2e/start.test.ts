import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeClip } from '#kit/clip.ts';
import { startPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { closeTestPlatforms, runStart, startTestPlatform } from '#test/support/platform.ts';

const SMALL = { width: 320, height: 180, seconds: 8, videoKbps: 300 };

async function isLive(liveUrl: string): Promise<boolean> {
  return (await fetch(`${liveUrl}/master.m3u8`)).status === 200;
}

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe('npm start', () => {
  afterEach(closeTestPlatforms);

  test.each<[string, string[], RegExp, Record<string, string>?]>([
    ['an unknown option', ['--htp-port', '80'], /--htp-port.*Options:/s],
    ['a port that is none', ['--http-port', '99999'], /--http-port 99999 is not a port/],
    ['one port for both', ['--http-port', '8080', '--rtmp-port', '8080'], /a port of its own/],
    [
      'an unknown publish mode',
      ['--http-port', '0', '--rtmp-port', '0'],
      /^PUBLISH_MODE must be/,
      { PUBLISH_MODE: 'b' },
    ],
    ['webhook mode without a backend', [], /^PUBLISH_MODE=webhook needs WEBHOOK_URL/, { PUBLISH_MODE: 'webhook' }],
    ['several tasks, which are not built yet', ['--tasks', '2'], /--tasks 2/],
    [
      'a data folder below a file',
      ['--http-port', '0', '--rtmp-port', '0', '--data-dir', '/dev/null/data'],
      /--data-dir/,
    ],
  ])('refuses %s with one line', async (_case, args, message, environment = {}) => {
    const { code, stdout, stderr } = await runStart(args, environment);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });

  test.each(['--http-port', '--rtmp-port'])(
    'says which program option to change when the port of %s is taken',
    async (option) => {
      const squatter = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => squatter.once('listening', resolve));
      const address = squatter.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const others = ['--http-port', '0', '--rtmp-port', '0'].filter(
        (_, index, all) => all[index - (index % 2)] !== option,
      );
      const { code, stderr } = await runStart([option, String(port), ...others]);
      squatter.close();
      expect(code).toBe(1);
      expect(stderr).toBe(`Port ${port} is taken by another program; choose another with ${option}.\n`);
    },
  );

  test('keeps streams and token over a restart, and leaves no process behind', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'headend-test-'));
    const first = await startTestPlatform({ dataDir });
    const stream = await first.createStream();
    const publisher = await startPublisher({ clipPath: await makeClip(SMALL), rtmpUrl: stream.publishUrl });
    await waitFor('a playable stream', () => isLive(stream.liveUrl));
    const pids = [...first.tasks.map((task) => task.pid), ...(await first.ffmpegPids())];
    expect(pids.length).toBe(2);
    const exit = await first.stop();
    await publisher.exited;
    expect(exit.code).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);

    const second = await startTestPlatform({ dataDir });
    const answer = await fetch(`${second.apiUrl}/streams/${stream.id}`, {
      headers: { authorization: `Bearer ${first.adminToken}` },
    });
    expect(second.adminToken).toBe(first.adminToken);
    expect(await answer.json()).toMatchObject({ id: stream.id, playbackId: stream.playbackId, status: 'idle' });
    const again = await startPublisher({
      clipPath: await makeClip(SMALL),
      rtmpUrl: `${second.rtmpUrl}/${stream.streamKey}`,
    });
    await waitFor('the old key to work', () => isLive(`${second.playbackBaseUrl}/live/${stream.playbackId}`));
    await again.stop();
    await second.close();
  });

  test('starts a lost encoder again on the same ports', async () => {
    const platform = await startTestPlatform();
    const stream = await platform.createStream();
    const [task] = platform.tasks;
    process.kill(task?.pid ?? 0, 'SIGKILL');
    await waitFor('the encoder to be gone', async () => (isRunning(task?.pid ?? 0) ? null : true));
    await waitFor('its successor', async () => {
      const health = await fetch(`${task?.httpUrl}/health`).catch(() => null);
      return health?.status === 200;
    });
    const publisher = await startPublisher({ clipPath: await makeClip(SMALL), rtmpUrl: stream.publishUrl });
    await waitFor('a playable stream', () => isLive(stream.liveUrl));
    await publisher.stop();
    await platform.close();
  });

  test('keeps its secrets from other users of the machine', async () => {
    const platform = await startTestPlatform();
    const { mode } = await stat(join(platform.dataDir, 'local.json'));
    expect((mode & 0o777).toString(8)).toBe('600');
    await platform.close();
  });

  test('leaves a data folder alone that another one runs on, its log above all', async () => {
    const platform = await startTestPlatform();
    const { dataDir } = platform;
    const stateBefore = await stat(join(dataDir, 'local.json'));
    const logBefore = await platform.log();
    expect(logBefore).not.toBe('');
    const { code, stderr } = await runStart(['--http-port', '0', '--rtmp-port', '0', '--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(stderr).toBe(`The database in ${join(dataDir, 'dynamodb')} can't be opened; is another Headend using it?\n`);
    expect((await platform.log()).startsWith(logBefore)).toBe(true);
    expect((await stat(join(dataDir, 'local.json'))).ino).toBe(stateBefore.ino);
    await platform.close();
  });

  test('says which file to remove when its state is damaged', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'headend-test-'));
    await writeFile(join(dataDir, 'local.json'), '{"adminToken":');
    const { code, stderr } = await runStart(['--http-port', '0', '--rtmp-port', '0', '--data-dir', dataDir]);
    await rm(dataDir, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(dataDir, 'local.json')} can't be read; remove it to start afresh`);
  });
});
