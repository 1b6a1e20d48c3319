/** Start of the clock that media sequence numbers are taken from; keeps them below 2^31 until 2060. */
const CLOCK_START_MS = Date.UTC(2026, 0, 1);
/** Numbers a second; more than segments a second in any profile, so the clock is always ahead of a stream's own count. */
const NUMBERS_PER_SECOND = 2;

/**
 * Media sequence number for the first segment of a stream that starts now on a task that knows nothing of its past. It is
 * above any number that any task reached before, so sequences never go back (RFC 8216bis 6.2.2).
 */
export function clockMediaSequence(nowMs: number): number {
  return Math.floor(((nowMs - CLOCK_START_MS) * NUMBERS_PER_SECOND) / 1000);
}
