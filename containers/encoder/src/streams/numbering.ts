import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import type { SequenceState } from '#domain/streams.ts';

/** The clock that media sequence numbers are taken from starts here, which keeps them below 2^31 until 2060. */
const CLOCK_START_MS = Date.UTC(2026, 0, 1);
/** More than the segments a second of any profile, so that the clock is always ahead of a stream's own count. */
const NUMBERS_PER_SECOND = 2;

/**
 * The media sequence number of the first segment of a stream that starts now on a task that knows nothing of its past. No task
 * has reached that number before, so sequences never go back (RFC 8216bis 6.2.2).
 */
export function clockMediaSequence(nowMs: number): number {
  return Math.floor(((nowMs - CLOCK_START_MS) * NUMBERS_PER_SECOND) / 1000);
}

/** How far apart the clocks of two tasks may be. */
const CLOCK_SKEW_MS = 2_000;

/**
 * The media sequence number of the first segment on a task that has nothing of the stream but its written state (null: not even
 * that). Since the state was written, the former task may have counted on, by one segment at most in the time of one, and by a short
 * one more.
 */
export function mediaSequenceAfter(former: SequenceState | null, nowMs: number): number {
  if (former === null) return clockMediaSequence(nowMs);
  const { latency, nextMsn, recordedAtMs } = former;
  const elapsedMs = Math.max(0, nowMs - recordedAtMs) + CLOCK_SKEW_MS;
  return nextMsn + 2 + Math.ceil(elapsedMs / (LATENCY_PROFILES[latency].segmentSeconds * 1000));
}

/**
 * The media sequence number of the first segment on a task that follows one which wrote nothing down, because it was lost at once. Its
 * clock may have been ahead, and viewers may have had its first segments.
 */
export function mediaSequenceAfterSilence(nowMs: number): number {
  return clockMediaSequence(nowMs + CLOCK_SKEW_MS) + 2;
}

/** Epochs that a publish has reserved: `count` from `first` on. */
export interface ReservedEpochs {
  readonly first: number;
  readonly count: number;
}

/** Hands out reserved epochs, one for each run of FFmpeg. */
export class EpochRange {
  #next: number;
  readonly #end: number;
  readonly #onUsedUp: () => void;

  /** `onUsedUp` is called when the last epoch is handed out. That one is good, but the publish must end before it needs another. */
  constructor({ first, count }: ReservedEpochs, onUsedUp: () => void) {
    this.#next = first;
    this.#end = first + count;
    this.#onUsedUp = onUsedUp;
  }

  /** The next epoch, never the same twice. Throws if none is left. */
  take(): number {
    if (this.#next >= this.#end) throw new Error('all epochs of this publish are used up');
    const epoch = this.#next++;
    if (this.#next === this.#end) this.#onUsedUp();
    return epoch;
  }
}
