/** The state of playback at one moment. Times are in seconds unless their names say otherwise. */
export interface WatchdogSample {
  readonly nowMs: number;
  readonly currentTime: number;
  /** False while playback is paused, or held on purpose to fill the buffer. */
  readonly isMeantToMove: boolean;
  readonly bufferedAheadSeconds: number;
  /** The position where live playback should be. Null if unknown. */
  readonly liveSyncPosition: number | null;
  /** `nowMs` of the last playlist response, even if the playlist had not changed. */
  readonly playlistAtMs: number;
}

/** The state that the watchdog keeps from sample to sample. */
export interface WatchdogMemory {
  /**
   * Last position of the playhead. A remedy that moves the playhead updates it, so that the move does not count as
   * playback.
   */
  readonly currentTime: number;
  readonly sampledAtMs: number;
  readonly movedAtMs: number;
  /** Remedies tried since the picture last moved. */
  readonly remedies: number;
}

/**
 * `nudge`: seek over a gap or wake a stuck decoder. `jump`: seek to the live position. `give-up`: only a fresh start
 * helps.
 */
export type WatchdogAction = 'none' | 'nudge' | 'jump' | 'give-up';

export interface WatchdogVerdict {
  readonly memory: WatchdogMemory;
  readonly action: WatchdogAction;
  /** Playback has moved since the last sample. */
  readonly isMoving: boolean;
  /** Playback should move, but has not moved for seconds. */
  readonly isStarved: boolean;
}

/** Interval of calls to `watch`. */
export const WATCH_INTERVAL_MS = 200;

/** Most interruptions of a bad network are shorter. */
const STARVED_AFTER_MS = 4000;
/**
 * For playback that is stuck although media is buffered. hls.js tries its own remedy at 1.25 s, so these come later.
 */
const REMEDIES = [
  { afterMs: 1800, action: 'nudge' },
  { afterMs: 2600, action: 'jump' },
  { afterMs: 5000, action: 'give-up' },
] as const satisfies readonly { afterMs: number; action: WatchdogAction }[];
/**
 * For a playhead without media while the stream is further ahead: a fragment is lost, or hls.js does not cross a gap.
 */
const LOST_AFTER_MS = 2500;
const LOST_GIVE_UP_MS = 10_000;
/** Without any playlist response the connection or the stream is gone, so start afresh. */
const SILENT_GIVE_UP_MS = 8000;
const AHEAD_SECONDS = 0.5;
/**
 * A step between two samples that is larger than the time between them, by more than this, is a seek and not playback.
 * Browsers run the timers of hidden pages once a minute.
 */
const MAX_STEP_SECONDS = 3;

export function initialWatchdogMemory(nowMs: number): WatchdogMemory {
  return { currentTime: 0, sampledAtMs: nowMs, movedAtMs: nowMs, remedies: 0 };
}

function remedyFor(sample: WatchdogSample, memory: WatchdogMemory): WatchdogAction {
  const stoodMs = sample.nowMs - memory.movedAtMs;
  if (sample.bufferedAheadSeconds > AHEAD_SECONDS) {
    const remedy = REMEDIES[memory.remedies];
    return remedy !== undefined && stoodMs > remedy.afterMs ? remedy.action : 'none';
  }
  if (stoodMs > SILENT_GIVE_UP_MS && sample.nowMs - sample.playlistAtMs > SILENT_GIVE_UP_MS) return 'give-up';
  const isLeftBehind = sample.liveSyncPosition !== null && sample.liveSyncPosition > sample.currentTime + AHEAD_SECONDS;
  if (!isLeftBehind) return 'none';
  if (stoodMs > LOST_GIVE_UP_MS) return 'give-up';
  return stoodMs > LOST_AFTER_MS && memory.remedies === 0 ? 'jump' : 'none';
}

/** Judges one sample of playback. Pure: pass the returned memory to the next call. */
export function watch(memory: WatchdogMemory, sample: WatchdogSample): WatchdogVerdict {
  const step = sample.currentTime - memory.currentTime;
  const maxStep = MAX_STEP_SECONDS + (sample.nowMs - memory.sampledAtMs) / 1000;
  // A paused picture may be moved by a seek only.
  const isMoving = sample.isMeantToMove && step > 0 && step < maxStep;
  const sampled = { currentTime: sample.currentTime, sampledAtMs: sample.nowMs };
  if (isMoving || !sample.isMeantToMove) {
    return { memory: { ...sampled, movedAtMs: sample.nowMs, remedies: 0 }, action: 'none', isMoving, isStarved: false };
  }
  const action = remedyFor(sample, memory);
  const remedies = memory.remedies + (action === 'none' ? 0 : 1);
  return {
    memory: { ...sampled, movedAtMs: memory.movedAtMs, remedies },
    action,
    isMoving: false,
    isStarved: sample.nowMs - memory.movedAtMs > STARVED_AFTER_MS,
  };
}
