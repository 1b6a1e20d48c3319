import { jest } from '@jest/globals';
import { StatusWaits } from '#encoder/origin/status-waits.ts';

const NEVER = new AbortController().signal;
const LONG_MS = 60_000;
const WAIT = { playbackId: 'id', isHeld: true, timeoutMs: LONG_MS, signal: NEVER };

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
  const wait = follow(waits.until(WAIT, () => hasChanged));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(wait.result).toBeNull();
  hasChanged = true;
  await jest.advanceTimersByTimeAsync(100);
  expect(wait.result).toBe(true);
});

test('a wait is over after its time, and when nobody waits for its answer', async () => {
  const abort = new AbortController();
  const first = follow(waits.until({ ...WAIT, timeoutMs: 5_000 }, () => false));
  const second = follow(waits.until({ ...WAIT, signal: abort.signal }, () => false));
  await jest.advanceTimersByTimeAsync(5_000);
  expect([first.result, second.result]).toEqual([false, null]);
  abort.abort();
  await jest.advanceTimersByTimeAsync(0);
  expect(second.result).toBe(false);
});

test('a request that waits again has only the time that is left', async () => {
  const [request, other] = [{}, {}];
  expect(waits.remainingMs(request)).toBe(waits.limitMs);
  await jest.advanceTimersByTimeAsync(4_000);
  expect([waits.remainingMs(request), waits.remainingMs(other)]).toEqual([waits.limitMs - 4_000, waits.limitMs]);
  await jest.advanceTimersByTimeAsync(LONG_MS);
  expect(waits.remainingMs(request)).toBe(0);
});

test('when the task goes away, nobody waits', async () => {
  const before = follow(waits.until(WAIT, () => false));
  waits.close();
  const after = follow(waits.until(WAIT, () => false));
  await jest.advanceTimersByTimeAsync(0);
  expect([before.result, after.result, waits.closed.aborted]).toEqual([false, false, true]);
});

test.each([
  ['one stream', 200, true, () => 'id'],
  ['a task', 1_000, true, (index: number) => `id ${index}`],
  ['ids that somebody makes up', 200, false, (index: number) => `id ${index}`],
  ['streams that nobody holds', 300, false, (index: number) => `id ${index % 100}`],
])('of %s, %i wait, and the next one is answered at once', async (_case, most, isHeld, idOf) => {
  const all = Array.from({ length: most + 1 }, (_, index) =>
    follow(waits.until({ ...WAIT, playbackId: idOf(index), isHeld }, () => false)),
  );
  await jest.advanceTimersByTimeAsync(0);
  expect(all.filter(({ result }) => result === false)).toEqual([all.at(-1)]);
});

test('ids that somebody makes up leave room for streams that a task holds', async () => {
  for (let index = 0; index < 1_000; index++)
    follow(waits.until({ ...WAIT, playbackId: `id ${index}`, isHeld: false }, () => false));
  const held = follow(waits.until({ ...WAIT, playbackId: 'held' }, () => false));
  await jest.advanceTimersByTimeAsync(0);
  expect(held.result).toBeNull();
});
