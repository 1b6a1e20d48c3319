import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { countConnections } from '#kit/tcp-ports.ts';
import { waitFor } from '#kit/wait-for.ts';
import { childPids, closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

const TASKS = 3;
const LOGS = ['headend-task-1.log', 'headend-task-2.log', 'headend-task-3.log', 'headend.log'];

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform({ tasks: TASKS });
});
afterAll(() => closeTestPlatforms());

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`);
const isHealthy = (url: string): Promise<boolean> =>
  fetch(`${url}/health`, { headers: { connection: 'close' } }).then(
    (response) => response.ok,
    () => false,
  );
const portOf = (url: string): number => Number(new URL(url).port);

/** Opens connections to the address for broadcasters. Returns how many of them each task has. */
async function distribute(count: number): Promise<number[]> {
  const ports = platform.tasks.map((task) => portOf(task.rtmpUrl));
  const clients = await Promise.all(Array.from({ length: count }, () => RtmpClient.open(platform.rtmpPort)));
  const counts = await waitFor('the connections', async () => {
    const now = await Promise.all(ports.map(countConnections));
    return now.reduce((sum, each) => sum + each, 0) === count ? now : null;
  });
  for (const client of clients) client.destroy();
  await waitFor('their end', async () =>
    (await Promise.all(ports.map(countConnections))).every((connections) => connections === 0),
  );
  return counts;
}

test('the ready line has three processes, each with addresses of its own', async () => {
  const { tasks, rtmpUrl, playbackBaseUrl } = platform;
  expect(tasks).toHaveLength(TASKS);
  expect(new Set(tasks.map((task) => task.pid)).size).toBe(TASKS);
  const urls = [rtmpUrl, playbackBaseUrl, ...tasks.flatMap((task) => [task.rtmpUrl, task.httpUrl])];
  expect(new Set(urls.map(portOf)).size).toBe(2 + 2 * TASKS);
  expect(await Promise.all(tasks.map((task) => isHealthy(task.httpUrl)))).toEqual([true, true, true]);
});

test('each task has a log of its own', async () => {
  const names = await readdir(platform.dataDir);
  expect(names.filter((name) => name.endsWith('.log')).toSorted()).toEqual(LOGS);
  for (const name of LOGS.slice(0, TASKS)) {
    expect(await readFile(join(platform.dataDir, name), 'utf8')).toMatch(/"msg":"ready"/);
  }
});

test('publishers and viewers come to all tasks in turn', async () => {
  expect(await distribute(2 * TASKS)).toEqual([2, 2, 2]);
  const viewers = () => Promise.all(platform.tasks.map((task) => countConnections(portOf(task.httpUrl))));
  await waitFor("the end of this test's own connections", async () => (await viewers()).every((count) => count === 0));
  const { playbackId } = await platform.createStream();
  const statuses = await Promise.all(
    platform.tasks.map(() => fetch(`${platform.playbackBaseUrl}/live/${playbackId}/status.json`)),
  );
  expect(statuses.map((response) => response.status)).toEqual([200, 200, 200]);
  // The proxy keeps the connections to the tasks.
  expect(await viewers()).toEqual([1, 1, 1]);
});

test('a task that is killed is replaced, and gets connections again', async () => {
  const [killed] = platform.tasks;
  if (killed === undefined) throw new Error('no task');
  process.kill(killed.pid, 'SIGKILL');
  await waitFor('its end', () => !isRunning(killed.pid));
  // Each of these connections gets a task, whether the platform already knows of the end or not.
  await distribute(TASKS);
  await waitFor('its replacement', () => isHealthy(killed.httpUrl));
  await waitFor('a connection', async () => ((await distribute(TASKS))[0] ?? 0) > 0);
});

test('SIGTERM leaves no process behind', async () => {
  const pids = await childPids(platform.pid);
  const encoders = await Promise.all(
    pids.map(async (pid) => ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('main.mjs') ? pid : [])),
  );
  expect(encoders.flat()).toHaveLength(TASKS);
  expect((await platform.stop()).code).toBe(0);
  expect(encoders.flat().filter(isRunning)).toEqual([]);
  await waitFor("the end of the platform's other processes", () => !pids.some(isRunning));
});
