import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

/** Polls until `check` gives something other than null and returns it. Throws after `timeoutSeconds` or when the signal aborts. */
export async function waitUntil<T>(
  what: string,
  check: () => Promise<T | null>,
  options: { readonly signal: AbortSignal; readonly timeoutSeconds: number },
): Promise<T> {
  const deadlineMs = performance.now() + options.timeoutSeconds * 1000;
  for (;;) {
    const result = await check();
    if (result !== null) return result;
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${options.timeoutSeconds} s`);
    await sleep(POLL_MS, undefined, { signal: options.signal });
  }
}
