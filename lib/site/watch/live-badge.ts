import { formatClock } from './state-text.ts';
import type { StreamState } from './stream-state.ts';

/** The badge says live while the picture is behind by less than this. */
const LIVE_TOLERANCE_SECONDS = 1.5;
/** A viewer who is further behind is offered to go live. */
export const BEHIND_SECONDS = 3;

/** What the badge follows from. Times are null if unknown. */
export interface BadgeInput {
  readonly state: StreamState;
  readonly isPaused: boolean;
  readonly delaySeconds: number | null;
  readonly behindSeconds: number | null;
}

/** What the page says about the picture's age. */
export interface LiveBadge {
  readonly isLive: boolean;
  /** Text of the button that goes live. */
  readonly text: string;
  /** Replaces the words for the state beside the title. Null: it does not. */
  readonly chip: string | null;
  /** Empty if there is none, or if the button says it. */
  readonly delay: string;
}

export function liveBadge({ state, isPaused, delaySeconds, behindSeconds }: BadgeInput): LiveBadge {
  const isPlaying = state === 'playing';
  const behind = behindSeconds ?? 0;
  const isOffered = isPlaying && behind >= BEHIND_SECONDS && delaySeconds !== null;
  const isBehind = isPlaying && behind >= LIVE_TOLERANCE_SECONDS;
  return {
    isLive: isPlaying && !isPaused && !isBehind,
    text: isOffered ? `${formatClock(delaySeconds)} behind – Go live` : 'LIVE',
    chip: isPlaying && isPaused ? 'Paused' : isBehind ? 'Behind live' : null,
    delay: isOffered || delaySeconds === null ? '' : formatDelay(delaySeconds),
  };
}

/** Tenths matter near live, not after a minute. */
function formatDelay(seconds: number): string {
  return seconds < 60 ? `${Math.max(0, seconds).toFixed(1)} s` : formatClock(seconds);
}
