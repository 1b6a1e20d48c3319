import { waitFor } from '#kit/wait-for.ts';
import { ApiError } from '#scripts/api/api-error.ts';

const UNAVAILABLE = 503;

/** Asks the control API until its database answers, which takes a moment on a busy machine. */
export function askAgain<T extends object>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const check = (): Promise<T | null> =>
    ask().catch((error) => {
      if (error instanceof ApiError && error.status === UNAVAILABLE) return null;
      throw error;
    });
  return waitFor('an answer of the control API', check, { intervalMs: 1_000, ...(signal && { signal }) }) as Promise<T>;
}
