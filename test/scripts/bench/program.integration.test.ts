import { once } from 'node:events';
import { readDescendants, readProcess } from '#kit/process-usage.ts';
import { waitFor } from '#kit/wait-for.ts';
import { type BenchContext, runInContext } from '#scripts/bench/bench-context.ts';
import { startProgram } from '#scripts/bench/program.ts';

const WAITING = { signal: new AbortController().signal, timeoutMs: 5000 };

function run(body: (context: BenchContext) => Promise<Record<string, number>>): Promise<unknown> {
  return runInContext({ name: 'x', run: body }, { signal: WAITING.signal, seconds: 5 });
}

/** Whether a process has ended. It may still be a zombie. */
async function isGone(pid: number): Promise<boolean> {
  const usage = await readProcess(pid);
  return usage === null || usage.residentBytes === 0;
}

describe('startProgram', () => {
  test('ends the program and its children with the context', async () => {
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

  test('reports why a program has ended', async () => {
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
