/**
 * Reads what changes seldom at most once in this time, in milliseconds, unless a reading fails: then the next call tries again. Calls at
 * the same time share a reading. `now` is milliseconds since 1970.
 */
export function keepFor<Value>(
  lifetimeMs: number,
  read: () => Promise<Value>,
  now: () => number,
): () => Promise<Value> {
  let latest: { readonly value: Promise<Value>; readonly untilMs: number } | null = null;
  return async () => {
    if (latest !== null && now() < latest.untilMs) return latest.value;
    const reading = { value: read(), untilMs: now() + lifetimeMs };
    latest = reading;
    try {
      return await reading.value;
    } catch (error) {
      if (latest === reading) latest = null;
      throw error;
    }
  };
}
