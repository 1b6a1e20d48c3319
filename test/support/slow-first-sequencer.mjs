import { statSync } from 'node:fs';

/**
 * The order of test files. Those of `unit` are short and come last, so that no core is idle for long at the end. Jest's own order
 * does that only if it has a cache with the times of an earlier run, which a fresh clone lacks.
 */
export default class SlowFirstSequencer {
  sort(tests) {
    const isShort = ({ context }) => Number(context.config.displayName?.name === 'unit');
    const bytes = new Map(tests.map((test) => [test, statSync(test.path).size]));
    return [...tests].sort((a, b) => isShort(a) - isShort(b) || bytes.get(b) - bytes.get(a));
  }

  /** No time is kept: the order is the same in each run. */
  cacheResults() {}
}
