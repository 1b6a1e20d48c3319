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
    onOutput: () => undefined,
    onDrain: () => undefined,
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
  ffmpeg.write(Buffer.alloc(10), 0);
  expect(ffmpeg.isBusy).toBe(false);
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

test('a process that does not read is busy until it does, and says since when input has waited', async () => {
  let onDrain: () => void = () => undefined;
  const drained = new Promise<void>((resolve) => {
    onDrain = resolve;
  });
  const ffmpeg = new FfmpegProcess({
    args: [],
    outputs: [],
    spawn: (_command, _args, options) => {
      child = spawn('cat', [], { ...options, stdio: ['pipe', 'ignore', 'pipe'] });
      return child;
    },
    onOutput: () => undefined,
    onDrain: () => onDrain(),
    onStderrLine: () => undefined,
  });
  child.kill('SIGSTOP');
  let writes = 0;
  while (!ffmpeg.isBusy && writes < 100) ffmpeg.write(Buffer.alloc(64 * 1024), ++writes);
  expect(writes).toBeLessThan(100);
  expect(ffmpeg.waitingSinceMs).not.toBeNull();
  child.kill('SIGCONT');
  await drained;
  expect([ffmpeg.isBusy, ffmpeg.waitingSinceMs]).toEqual([false, null]);
  ffmpeg.finish();
  await ffmpeg.exit;
});
