import { type HlsRule, when } from '../rule.ts';

/** A request that nobody answered. */
export interface ObservedSilence {
  readonly path: string;
  /** What became of the connection. Null if the watch ended before an answer came. */
  readonly reason: string | null;
  readonly waitedSeconds: number;
  readonly targetDurationSeconds: number | null;
}

/** An answer with a live playlist that has nothing new. */
export interface ObservedStandstill {
  /** From the newest media to the request. */
  readonly stoodSeconds: number;
  readonly targetDurationSeconds: number;
}

/** Servers hold requests for so long at most (RFC 8216bis 6.2.5.2). A new version is due after half of it. */
const HELD_TARGETS = 3;
/** A busy machine is late, and a restart takes its time, whatever the target duration is. */
const GRACE_SECONDS = 3;

/** Every request gets an answer. */
export const SILENCE_RULES: readonly HlsRule<ObservedSilence>[] = [
  {
    id: 'answers',
    section: '6.2.5.2',
    check: ({ path, reason, waitedSeconds, targetDurationSeconds }) =>
      when(
        reason !== null || waitedSeconds > allowedSeconds(targetDurationSeconds ?? 0),
        () => `${path} had no answer in ${waitedSeconds.toFixed(1)} s${reason === null ? '' : `: ${reason}`}`,
      ),
  },
];

/** A live playlist moves on. */
export const STANDSTILL_RULES: readonly HlsRule<ObservedStandstill>[] = [
  {
    id: 'playlist-updated',
    section: '6.2.1',
    check: ({ stoodSeconds, targetDurationSeconds }) =>
      when(
        stoodSeconds > allowedSeconds(targetDurationSeconds),
        () => `nothing new for ${stoodSeconds.toFixed(1)} s, the target duration is ${targetDurationSeconds} s`,
      ),
  },
];

function allowedSeconds(targetSeconds: number): number {
  return HELD_TARGETS * targetSeconds + GRACE_SECONDS;
}
