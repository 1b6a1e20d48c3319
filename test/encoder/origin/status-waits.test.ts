import { jest } from '@jest/globals';
import { StatusWaits } from '#encoder/origin/status-waits.ts';

const NEVER = new AbortController().signal;
const LONG_MS = 60_000;

let waits: StatusWaits;
beforeEach(() => {
  jest.useFakeTimers();
  waits = new StatusWaits();
});
afterEach(async () => {
  waits.close();
  await jest.advanceTimersByTimeAsync(0);
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** Whether a promise has settled, and to what. */
function follow(promise: Promise<boolean>): { readonly result: boolean | null } {
  const state: { result: boolean | null } = { result: null };
  void promise.then((result) => {
    state.result = result;
  });
  return state;
}

test('a wait is over soon after the status has changed', async () => {
  let hasChanged = false;
  const wait = follow(waits.until('id', () => hasChanged, LONG_MS, NEVER));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(wait.result).toBeNull();
  hasChanged = true;
  await jest.advanceTimersByTimeAsync(100);
  expect(wait.result).toBe(true);
});

test('a wait is over after its time, and when nobody waits for its answer', async () => {
  const abort = new AbortController();
  const first = follow(waits.until('id', () => false, 5_000, NEVER));
  const second = follow(waits.until('id', () => false, LONG_MS, abort.signal));
  await jest.advanceTimersByTimeAsync(5_000);
  expect([first.result, second.result]).toEqual([false, null]);
  abort.abort();
  await jest.advanceTimersByTimeAsync(0);
  expect(second.result).toBe(false);
});

test('when the task goes away, nobody waits', async () => {
  const before = follow(waits.until('id', () => false, LONG_MS, NEVER));
  waits.close();
  const after = follow(waits.until('id', () => false, LONG_MS, NEVER));
  await jest.advanceTimersByTimeAsync(0);
  expect([before.result, after.result, waits.closed.aborted]).toEqual([false, false, true]);
});

test.each([
  ['one stream', 200, () => 'id'],
  ['a task', 1_000, (index: number) => `id ${index % 100}`],
  ['ids that somebody makes up', 200, (index: number) => `id ${index}`],
])('of %s, %i wait, and the next one is answered at once', async (_case, most, idOf) => {
  const all = Array.from({ length: most + 1 }, (_, index) =>
    follow(waits.until(idOf(index), () => false, LONG_MS, NEVER)),
  );
  await jest.advanceTimersByTimeAsync(0);
  expect(all.filter(({ result }) => result === false)).toEqual([all.at(-1)]);
});
