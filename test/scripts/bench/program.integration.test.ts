import { once } from 'node:events';
import { parseStat, readDescendants, readProcess } from '#kit/process-usage.ts';
import { waitFor } from '#kit/wait-for.ts';
import { type BenchContext, runInContext } from '#scripts/bench/bench-context.ts';
import { startProgram } from '#scripts/bench/program.ts';

const WAITING = { signal: new AbortController().signal, timeoutMs: 5000 };

function run(body: (context: BenchContext) => Promise<Record<string, number>>): Promise<unknown> {
  return runInContext({ name: 'x', run: body }, { signal: WAITING.signal, seconds: 5 });
}

/** True once a process is gone or only waits for its parent to notice. */
async function isGone(pid: number): Promise<boolean> {
  const usage = await readProcess(pid);
  return usage === null || usage.residentBytes === 0;
}

describe('startProgram', () => {
  test('ends the program and what it started with the context', async () => {
    const pids: number[] = [];
    await run(async (context) => {
      const shell = startProgram(context, 'sh', ['-c', 'sleep 60 & wait'], { cwd: '/' });
      const children = await waitFor(
        'the shell to start sleep',
        async () => {
          const found = await readDescendants(shell.pid);
          return found.some(({ name }) => name === 'sleep') ? found : null;
        },
        WAITING,
      );
      pids.push(shell.pid, ...children.map(({ pid }) => pid));
      return {};
    });
    expect(pids).toHaveLength(2);
    for (const pid of pids) await waitFor(`${pid} to end`, async () => await isGone(pid), WAITING);
  });

  test('a program that has ended says why', async () => {
    const failed = run(async (context) => {
      const shell = startProgram(context, 'sh', ['-c', 'echo no such stream >&2; exit 3'], { cwd: '/' });
      shell.assertRunning();
      await once(shell.process, 'close');
      shell.assertRunning();
      return {};
    });
    await expect(failed).rejects.toThrow('sh ended with 3: no such stream');
  });
});

describe('process usage', () => {
  test('this process is one that uses CPU and memory', async () => {
    const usage = await readProcess(process.pid);
    const { user, system } = process.cpuUsage();
    expect(usage).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    expect(usage?.cpuSeconds).toBeCloseTo((user + system) / 1e6, 0);
    expect(usage?.residentBytes).toBeGreaterThan(1e7);
  });

  test('a name with spaces and parentheses', () => {
    const fields = Array.from({ length: 30 }, (_, index) => String(index + 5));
    expect(parseStat(`7 (a) b (c) S 1 ${fields.join(' ')}\n`)).toEqual({
      pid: 7,
      parentPid: 1,
      name: 'a) b (c',
      cpuSeconds: 0.29,
      residentBytes: 24 * 4096,
    });
  });

  test('what is no line of /proc/PID/stat is refused', () => {
    expect(() => parseStat('hello')).toThrow('hello');
  });
});
