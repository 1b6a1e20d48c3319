import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { signalWithin } from '#runtime/signal-within.ts';

const LIMIT_MS = 500;
const LONG_MS = 3_600_000;

/** A timeout's signal to which nothing holds on is gone after this. */
async function collectGarbage(): Promise<void> {
  // What a WeakRef was made of is kept until the end of the turn.
  await setImmediate();
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

test('aborts when the time has passed, whatever was collected before', async () => {
  const signal = signalWithin(LIMIT_MS, new AbortController().signal);
  const aborted = once(signal, 'abort');
  await collectGarbage();
  await aborted;
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});

test('aborts with the other signal, for its reason', () => {
  const controller = new AbortController();
  const signal = signalWithin(LONG_MS, controller.signal);
  expect(signal.aborted).toBe(false);
  controller.abort('over');
  expect([signal.aborted, signal.reason]).toEqual([true, 'over']);
  expect(signalWithin(LONG_MS, controller.signal).aborted).toBe(true);
});
