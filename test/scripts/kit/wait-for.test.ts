import { waitFor } from '#kit/wait-for.ts';

test('resolves to the first result that is not false, null or undefined', async () => {
  const answers = [null, undefined, false, 0];
  expect(await waitFor('an answer', () => answers.shift(), { intervalMs: 1 })).toBe(0);
});

test('says what did not happen in time', async () => {
  await expect(waitFor('the moon', () => null, { timeoutMs: 0 })).rejects.toThrow(
    'the moon did not happen within 0 ms',
  );
});

test('ends when the signal aborts', async () => {
  const controller = new AbortController();
  const waiting = waitFor('the moon', () => null, { signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toThrow(/abort/i);
});
