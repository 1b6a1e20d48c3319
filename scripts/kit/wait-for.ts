import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Ends a hanging run. Never measure with it. @default 90 s */
  readonly timeoutMs?: number;
  /** Pause between two checks. @default 50 ms */
  readonly intervalMs?: number;
  /** Ends the wait when it aborts. @default none */
  readonly signal?: AbortSignal;
}

/** Results that mean: not yet. */
type NotYet = false | null | undefined;

/**
 * Repeats `check` until it returns something other than false, null or undefined, and resolves to that. After the
 * timeout, rejects with an error that contains `what`.
 */
export async function waitFor<T>(
  what: string,
  check: () => T | Promise<T>,
  { timeoutMs = 90_000, intervalMs = 50, signal }: WaitOptions = {},
): Promise<Exclude<T, NotYet>> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const result = await check();
    if (result !== false && result !== null && result !== undefined) return result as Exclude<T, NotYet>;
    if (performance.now() > deadlineMs) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await sleep(intervalMs, undefined, signal === undefined ? {} : { signal });
  }
}
