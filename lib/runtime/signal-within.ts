/**
 * A signal that aborts with another, or when a time has passed. Inside `AbortSignal.any` alone, nothing keeps a timeout's signal from
 * being collected, and then the time passes without an abort (nodejs/node issue 57736).
 */
export function signalWithin(limitMs: number, signal: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(limitMs);
  // Node.js keeps a timeout's signal that somebody listens to until it aborts.
  limit.addEventListener('abort', () => undefined, { once: true });
  return AbortSignal.any([signal, limit]);
}
