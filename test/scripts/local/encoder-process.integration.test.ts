import { existsSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EncoderProcess } from '#scripts/local/encoder-process.ts';

const READY = 'process.send({ rtmpPort: 1, httpPort: 2 }); setInterval(() => undefined, 1_000);';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headend-encoder-task-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Runs `program` as the task and stops it. Resolves to how it ended. */
async function runAndStop(program: string, stopTimeoutMs: number) {
  const programPath = join(directory, 'program.mjs');
  await writeFile(programPath, program);
  const logFile = await open(join(directory, 'log'), 'w');
  const options = { programPath, environment: {}, rtmpPort: 0, httpPort: 0, logFile: logFile.fd };
  const task = new EncoderProcess({ ...options, stopTimeoutMs });
  await task.start();
  const { pid } = task;
  await task.stop();
  await logFile.close();
  return { isRunning: existsSync(`/proc/${pid}`) };
}

test('a task that ends on SIGTERM gets the time to do so', async () => {
  const markPath = join(directory, 'said-goodbye');
  const goodbye = `import { writeFileSync } from 'node:fs';
    process.on('SIGTERM', () => setTimeout(() => { writeFileSync(${JSON.stringify(markPath)}, ''); process.exit(); }, 50));`;
  expect(await runAndStop(goodbye + READY, 60_000)).toEqual({ isRunning: false });
  expect(existsSync(markPath)).toBe(true);
});

test('a task that ignores SIGTERM is killed', async () => {
  expect(await runAndStop(`process.on('SIGTERM', () => undefined);${READY}`, 100)).toEqual({ isRunning: false });
});
