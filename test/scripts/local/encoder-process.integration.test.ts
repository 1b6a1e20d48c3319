import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '#kit/wait-for.ts';
import { EncoderProcess, type TaskEnd } from '#scripts/local/encoder-process.ts';

/** Says that it is ready, and stays. */
const READY = 'process.send({ rtmpPort: 1, httpPort: 2, internalPort: 3 }); setInterval(() => undefined, 1_000);';
const MINUTE_MS = 60_000;

let directory: string;
let logFile: FileHandle;
let task: EncoderProcess | null = null;
const ends: TaskEnd[] = [];
beforeEach(async () => {
  ends.length = 0;
  directory = await mkdtemp(join(tmpdir(), 'headend-encoder-task-'));
  logFile = await open(join(directory, 'log'), 'w');
});
afterEach(async () => {
  await task?.stop();
  await logFile.close();
  await rm(directory, { recursive: true, force: true });
});

/** Starts a task in the second place that runs `program`. */
async function startTask(program: string, stopTimeoutMs = 100): Promise<EncoderProcess> {
  const programPath = join(directory, 'program.mjs');
  await writeFile(programPath, program);
  const options = { place: 2, programPath, environment: {}, rtmpPort: 0, logFile: logFile.fd, randomBytes };
  task = new EncoderProcess({ ...options, stopTimeoutMs, onEnded: (end) => ends.push(end) });
  await task.start();
  return task;
}

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** The lines that the task has logged. */
const log = async (): Promise<string[]> =>
  (await readFile(join(directory, 'log'), 'utf8')).split('\n').filter((line) => line !== '');

/** Waits until the task has another process, and returns the log's lines. */
async function replacement(started: EncoderProcess, pid: number): Promise<string[]> {
  await waitFor('the next process', () => started.pid !== pid && started.isInRotation);
  return log();
}

const LOG_PORTS = `console.log(process.env.TASK_ID, ${['RTMP', 'HTTP', 'INTERNAL'].map((name) => `process.env.${name}_PORT`)});`;

test('a task that dies is replaced in the same place: another id, the same ports', async () => {
  const started = await startTask(LOG_PORTS + READY);
  const { pid } = started;
  process.kill(pid, 'SIGKILL');
  await waitFor('it to leave the rotation', () => !started.isInRotation);
  const lines = await replacement(started, pid);
  expect(lines).toEqual([
    expect.stringMatching(/^2-[0-9a-f]{6} 0 0 0$/),
    expect.stringMatching(/^2-[0-9a-f]{6} 1 2 3$/),
  ]);
  expect(new Set(lines.map((line) => line.split(' ')[0])).size).toBe(2);
  expect(ends).toEqual([{ taskId: lines[0]?.split(' ')[0], code: null, signal: 'SIGKILL' }]);
});

test('a task that drains gets nothing new, and is replaced when it has ended', async () => {
  const drain = `process.on('SIGTERM', () => process.send({ draining: true }));
    process.on('SIGUSR2', () => process.exit(0));`;
  const started = await startTask(drain + READY);
  const { pid } = started;
  expect(started.isInRotation).toBe(true);
  process.kill(pid, 'SIGTERM');
  await waitFor('it to drain', () => !started.isInRotation);
  expect(isRunning(pid)).toBe(true);
  expect(started.pid).toBe(pid);
  process.kill(pid, 'SIGUSR2');
  await replacement(started, pid);
  expect(isRunning(pid)).toBe(false);
  expect(ends).toMatchObject([{ code: 0, signal: null }]);
});

test('a task that drains as soon as it is ready is not put into the rotation', async () => {
  const started = await startTask(`${READY} process.send({ draining: true });`);
  await waitFor('it to drain', () => !started.isInRotation);
});

test('a task that says anything else first does not start', async () => {
  await expect(startTask(`process.send({ draining: true }); ${READY}`)).rejects.toThrow('before it was ready');
});

test('the end of the platform is SIGINT, and a task gets the time to end', async () => {
  const markPath = join(directory, 'said-goodbye');
  const goodbye = `import { writeFileSync } from 'node:fs';
    process.on('SIGTERM', () => process.exit(1));
    process.on('SIGINT', () => setTimeout(() => { writeFileSync(${JSON.stringify(markPath)}, ''); process.exit(); }, 50));`;
  const started = await startTask(goodbye + READY, MINUTE_MS);
  await started.stop();
  expect(isRunning(started.pid)).toBe(false);
  expect(existsSync(markPath)).toBe(true);
  expect(ends).toEqual([]);
});

test('a paused task ends as well', async () => {
  const started = await startTask(`process.on('SIGINT', () => process.exit(0));${READY}`, MINUTE_MS);
  process.kill(started.pid, 'SIGSTOP');
  await started.stop();
  expect(isRunning(started.pid)).toBe(false);
});

test('a task that does not end is killed, and not replaced', async () => {
  const started = await startTask(`process.on('SIGINT', () => undefined);${READY}`);
  const { pid } = started;
  await started.stop();
  expect(isRunning(pid)).toBe(false);
  expect(started.pid).toBe(pid);
  expect(started.isInRotation).toBe(false);
});
