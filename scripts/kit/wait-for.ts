import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** A bound on a broken run, not a measurement. @default 90 s */
  readonly timeoutMs?: number;
  /** Pause between two checks. @default 50 ms */
  readonly intervalMs?: number;
  /** Rejects with its reason when it aborts. @default none */
  readonly signal?: AbortSignal;
}

/** What a check gives while there is nothing yet. */
type NotYet = false | null | undefined;

/**
 * Repeats `check` until it gives something other than false, null or undefined, and resolves to that. Rejects naming
 * `what` once the time is up.
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
