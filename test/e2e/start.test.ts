import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from '#kit/wait-for.ts';
import { publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import {
  closeTestPlatforms,
  FREE_PORTS,
  runStart,
  startTestPlatform,
  type TestPlatform,
} from '#test/support/platform.ts';
import { listeningAddressesOf, processTree } from '#test/support/processes.ts';

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** The address that this machine has in a network. Empty if it is in none. */
const LAN_ADDRESS =
  Object.values(networkInterfaces())
    .flatMap((addresses = []) => addresses)
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '';

describe('npm start', () => {
  // What ends soon, or waits for npm, runs side by side.
  test.concurrent.each<[string, string[], RegExp, Record<string, string>?]>([
    ['an unknown option', ['--htp-port', '80'], /--htp-port.*--help/],
    ['an unknown publish mode', [...FREE_PORTS], /^PUBLISH_MODE must be/, { PUBLISH_MODE: 'b' }],
    ['a data folder below a file', [...FREE_PORTS, '--data-dir', '/dev/null/data'], /--data-dir/],
  ])('refuses %s with one line', async (_case, args, message, environment = {}) => {
    const { code, stdout, stderr } = await runStart(args, environment);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });

  test.concurrent('says what its options are, and starts nothing', async () => {
    const { code, stdout } = await runStart(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^npm start -- \[options\]\n {2}--http-port N .*\(8080;/);
    expect(stdout).toMatch(/\n {2}--tasks N +number of encoders, 1 to 9 \(1\)\n/);
  });

  test.concurrent.each(['--http-port', '--rtmp-port'])(
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

  test.concurrent('says which file to remove if its state is damaged', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'headend-test-'));
    await writeFile(join(dataDir, 'local.json'), '{"adminToken":');
    const { code, stderr } = await runStart([...FREE_PORTS, '--data-dir', dataDir]);
    await rm(dataDir, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(dataDir, 'local.json')} can't be read; remove it to start afresh`);
  });

  test.concurrent.each(['SIGTERM', 'SIGKILL'] as const)('ends with npm, which got %s', async (signal) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'headend-test-'));
    const npm = spawn('npm', ['start', '--silent', '--', ...FREE_PORTS, '--data-dir', dataDir, '--json'], {
      // That of the tests is an npm of its own.
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: npm.stdout }), 'line');
    const pids = await processTree(npm.pid ?? 0);
    expect(pids).toContain(JSON.parse(String(line)).tasks[0].pid);
    expect(pids.length).toBeGreaterThanOrEqual(3);
    const exited = once(npm, 'exit');
    npm.kill(signal);
    expect(await exited).toEqual(signal === 'SIGTERM' ? [0, null] : [null, 'SIGKILL']);
    await waitFor('the end of all that it started', () => !pids.some(isRunning));
    await rm(dataDir, { recursive: true });
  });

  (LAN_ADDRESS === '' ? test.skip : test.concurrent)(
    'with --host, only player and RTMP are in the network',
    async () => {
      const platform = await startTestPlatform({ args: ['--host', LAN_ADDRESS] });
      const { rtmpPort, pid } = platform;
      const edge = new URL(platform.playbackBaseUrl);
      expect([edge.hostname, new URL(platform.apiUrl).hostname]).toEqual([LAN_ADDRESS, '127.0.0.1']);
      const open = await listeningAddressesOf(await processTree(pid));
      expect(
        open
          .filter(({ address }) => address !== '127.0.0.1')
          .map(({ port }) => port)
          .toSorted(),
      ).toEqual([Number(edge.port), rtmpPort].toSorted());
      expect(open.filter(({ port }) => port === rtmpPort)).toHaveLength(2);
      const stream = await platform.createStream({ ladder: '360p' });
      const publisher = await publish(stream.publishUrl);
      await waitUntilPlayable(stream);
      // The control API, which takes a token here too, and which no name of another site leads to.
      expect((await fetch(`${edge.origin}/api/streams`)).status).toBe(401);
      const rebound = get(`${edge.origin}/api/health`, {
        headers: { host: `evil.example:${edge.port}` },
        setHost: false,
      });
      const [answer] = (await once(rebound, 'response')) as [IncomingMessage];
      expect(answer.resume().statusCode).toBe(421);
      await publisher.stop();
      await platform.close();
    },
  );
});

describe('a platform that npm start has started', () => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await startTestPlatform();
  });
  // The one before the restart has the same data folder.
  afterAll(() => platform.close().finally(closeTestPlatforms));

  test('keeps its secrets from other users of the machine', async () => {
    const entries = await readdir(platform.dataDir, { withFileTypes: true, recursive: true });
    expect(entries.length).toBeGreaterThan(10);
    for (const entry of entries) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      expect([entry.name, (mode & 0o777).toString(8)]).toEqual([entry.name, entry.isDirectory() ? '700' : '600']);
    }
  });

  test('does not touch a data folder that another platform runs on, nor its log', async () => {
    const { dataDir } = platform;
    const stateBefore = await stat(join(dataDir, 'local.json'));
    const logBefore = await platform.log();
    expect(logBefore).not.toBe('');
    const { code, stderr } = await runStart([...FREE_PORTS, '--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(stderr).toBe(`The database in ${join(dataDir, 'dynamodb')} can't be opened; is another Headend using it?\n`);
    expect((await platform.log()).startsWith(logBefore)).toBe(true);
    expect((await stat(join(dataDir, 'local.json'))).ino).toBe(stateBefore.ino);
  });

  test('keeps streams and token over a restart, and leaves no process behind', async () => {
    const first = platform;
    const stream = await first.createStream({ ladder: '360p' });
    const publisher = await publish(stream.publishUrl);
    await waitUntilPlayable(stream);
    const pids = [...first.tasks.map((task) => task.pid), ...(await first.ffmpegPids())];
    expect(pids.length).toBe(2);
    const exit = await first.stop();
    await publisher.exited;
    expect(exit.code).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);

    const second = await startTestPlatform({ dataDir: first.dataDir });
    platform = second;
    expect(second.adminToken).toBe(first.adminToken);
    const answer = await second.callApi('GET', `/streams/${stream.id}`);
    expect(await answer.json()).toMatchObject({ id: stream.id, playbackId: stream.playbackId, status: 'idle' });
    const again = await publish(`${second.rtmpUrl}/${stream.streamKey}`);
    await waitUntilPlayable({ liveUrl: `${second.playbackBaseUrl}/live/${stream.playbackId}` });
    await again.stop();
  });

  test('starts a lost encoder again on the same ports', async () => {
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
  });
});
