import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { FfmpegProcess } from '#encoder/transcode/ffmpeg-process.ts';

let child: ChildProcess;

/** A process with one output that reads until its input ends. */
async function start(): Promise<FfmpegProcess> {
  const started = new FfmpegProcess({
    args: [],
    outputs: ['360p'],
    spawn: (_command, _args, options) => {
      child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.error("up")'], options);
      return child;
    },
    now: Date.now,
    onOutput: () => undefined,
    onStderrLine: () => undefined,
  });
  if (child.stderr !== null) await once(child.stderr, 'data');
  return started;
}

afterEach(() => child.kill('SIGKILL'));

test.each([
  ['its output', () => child.stdio[3]],
  ['its messages', () => child.stderr],
])('a failure to read %s ends only that process, and its last messages name the failure', async (_name, pipe) => {
  const ffmpeg = await start();
  pipe()?.destroy(new Error('read EIO'));
  const { signal, stderrTail } = await ffmpeg.exit;
  expect(signal).toBe('SIGKILL');
  expect(stderrTail.at(-1)).toContain('read EIO');
});

test('a broken input pipe is ignored, however often it is reported', async () => {
  const ffmpeg = await start();
  child.stdin?.emit('error', new Error('write EPIPE'));
  child.stdin?.emit('error', new Error('write EPIPE'));
  expect(ffmpeg.write(Buffer.alloc(10))).toBe(true);
  ffmpeg.finish();
  expect(await ffmpeg.exit).toMatchObject({ code: 0 });
});

test('each failure to kill the process is kept as a message', async () => {
  const ffmpeg = await start();
  child.emit('error', new Error('kill EPERM'));
  child.emit('error', new Error('kill EPERM'));
  ffmpeg.finish();
  const { code, stderrTail } = await ffmpeg.exit;
  expect(code).toBe(0);
  expect(stderrTail.filter((line) => line.includes('kill EPERM'))).toHaveLength(2);
});

test('a process that reads nothing is full after a number of writes, however small they are', async () => {
  const ffmpeg = new FfmpegProcess({
    args: [],
    outputs: [],
    spawn: (_command, _args, options) => spawn('sleep', ['60'], options),
    now: () => 0,
    onOutput: () => undefined,
    onStderrLine: () => undefined,
  });
  let writes = 0;
  while (ffmpeg.write(Buffer.alloc(16)) && writes < 100_000) writes++;
  ffmpeg.kill();
  await ffmpeg.exit;
  expect(writes).toBeGreaterThanOrEqual(16_000);
  expect(writes).toBeLessThan(25_000);
});
