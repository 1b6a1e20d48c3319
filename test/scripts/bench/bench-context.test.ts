import { existsSync } from 'node:fs';
import { type BenchContext, makeTemporaryFolder, runInContext } from '#scripts/bench/bench-context.ts';

const OPTIONS = { signal: new AbortController().signal, seconds: 5 };

function run(body: (context: BenchContext) => Promise<Record<string, number>>): Promise<unknown> {
  return runInContext({ name: 'x', run: body }, OPTIONS);
}

describe('runInContext', () => {
  test('returns the figures and runs the clean-ups in reverse order', async () => {
    const order: string[] = [];
    const figures = await run(async (context) => {
      context.defer(async () => order.push('first'));
      context.defer(async () => order.push('second'));
      return { seconds: context.seconds };
    });
    expect(figures).toEqual({ seconds: 5 });
    expect(order).toEqual(['second', 'first']);
  });

  test('runs the clean-ups of a benchmark that throws', async () => {
    let folder = '';
    const failed = run(async (context) => {
      folder = await makeTemporaryFolder(context);
      expect(existsSync(folder)).toBe(true);
      throw new Error('no figures');
    });
    await expect(failed).rejects.toThrow('no figures');
    expect(existsSync(folder)).toBe(false);
  });

  test('a failing clean-up hides neither the others nor an earlier error', async () => {
    let isCleanedUp = false;
    const failed = run(async (context) => {
      context.defer(async () => {
        isCleanedUp = true;
      });
      context.defer(async () => {
        throw new Error('still running');
      });
      throw new Error('no figures');
    });
    await expect(failed).rejects.toThrow(/no figures.*still running/);
    expect(isCleanedUp).toBe(true);
  });
});
