import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { waitFor } from '#kit/wait-for.ts';
import { EncoderTasks } from '#scripts/local/encoder-tasks.ts';
import { UserError } from '#scripts/terminal/errors.ts';

/** Listens on ports that say which task it is, and drains on SIGTERM. */
const PROGRAM = `const place = Number(process.env.TASK_ID[0]);
  const { TASK_ADDRESS, STOP_TIMEOUT_SECONDS, CLUSTER_SECRET } = process.env;
  console.log(TASK_ADDRESS, STOP_TIMEOUT_SECONDS, CLUSTER_SECRET);
  process.on('SIGTERM', () => process.send({ draining: true }));
  process.send({ rtmpPort: 1000 + place, httpPort: 2000 + place });
  setInterval(() => undefined, 1_000);`;

let dataDir: string;
let platformLog: FileHandle;
let tasks: EncoderTasks | null = null;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'headend-encoder-tasks-'));
  platformLog = await open(join(dataDir, 'headend.log'), 'w');
});
afterEach(async () => {
  await tasks?.stop();
  await platformLog.close();
  await rm(dataDir, { recursive: true });
});

async function startTasks(count: number, program = PROGRAM): Promise<EncoderTasks> {
  const path = join(dataDir, 'program.mjs');
  await writeFile(path, program);
  const log = { path: join(dataDir, 'headend.log'), fd: platformLog.fd };
  tasks = new EncoderTasks({ count, rtmpPort: 0, dataDir, platformLog: log, log: pino({ level: 'silent' }) });
  await tasks.start({ path, environment: {} });
  return tasks;
}

const readLog = (name: string): Promise<string> => readFile(join(dataDir, name), 'utf8');

test('of several tasks, one that drains gets neither publishers nor requests', async () => {
  const started = await startTasks(2);
  expect(started.rtmpPorts()).toEqual([1001, 1002]);
  expect(started.originUrls()).toEqual(['http://127.0.0.1:2001', 'http://127.0.0.1:2002']);
  process.kill(started.list()[0]?.pid ?? 0, 'SIGTERM');
  await waitFor('it to drain', () => started.rtmpPorts().length === 1);
  expect(started.rtmpPorts()).toEqual([1002]);
  expect(started.originUrls()).toEqual(['http://127.0.0.1:2002']);
  expect(started.list().map((task) => task.rtmpUrl)).toEqual([
    'rtmp://127.0.0.1:1001/live',
    'rtmp://127.0.0.1:1002/live',
  ]);
});

test('a single task that drains keeps its viewers, and writes to the log of the platform', async () => {
  const started = await startTasks(1);
  process.kill(started.list()[0]?.pid ?? 0, 'SIGTERM');
  await waitFor('it to drain', () => started.rtmpPorts().length === 0);
  expect(started.originUrls()).toEqual(['http://127.0.0.1:2001']);
  expect(started.logPaths).toEqual([]);
  expect(await readLog('headend.log')).toMatch(/^127\.0\.0\.1 120 /);
});

test('tasks share a secret, which the next start does not know', async () => {
  const started = await startTasks(2);
  const [first, second] = await Promise.all(['headend-task-1.log', 'headend-task-2.log'].map(readLog));
  expect(first).toMatch(/^127\.0\.0\.1 120 [a-z2-7]{32}\n$/);
  expect(second).toBe(first);
  await started.stop();
  await startTasks(2);
  expect(await readLog('headend-task-1.log')).not.toBe(first);
});

test('if one task cannot start, the error names its log', async () => {
  const failing = `if (process.env.TASK_ID[0] === '2') process.exit(1); ${PROGRAM}`;
  const starting = startTasks(2, failing);
  await expect(starting).rejects.toThrow(`before it was ready; ${join(dataDir, 'headend-task-2.log')} says why.`);
  await expect(starting).rejects.toBeInstanceOf(UserError);
});
