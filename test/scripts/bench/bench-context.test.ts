import { existsSync } from 'node:fs';
import { type BenchContext, makeTemporaryFolder, runInContext } from '#scripts/bench/bench-context.ts';

const OPTIONS = { signal: new AbortController().signal, seconds: 5 };

function run(body: (context: BenchContext) => Promise<Record<string, number>>): Promise<unknown> {
  return runInContext({ name: 'x', run: body }, OPTIONS);
}

describe('runInContext', () => {
  test('gives the figures and cleans up, last first', async () => {
    const order: string[] = [];
    const figures = await run(async (context) => {
      context.defer(async () => order.push('first'));
      context.defer(async () => order.push('second'));
      return { seconds: context.seconds };
    });
    expect(figures).toEqual({ seconds: 5 });
    expect(order).toEqual(['second', 'first']);
  });

  test('a benchmark that throws is cleaned up all the same', async () => {
    let folder = '';
    const failed = run(async (context) => {
      folder = await makeTemporaryFolder(context);
      expect(existsSync(folder)).toBe(true);
      throw new Error('no figures');
    });
    await expect(failed).rejects.toThrow('no figures');
    expect(existsSync(folder)).toBe(false);
  });

  test('a clean-up that fails hides neither the others nor the error before it', async () => {
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
