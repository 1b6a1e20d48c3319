/** One look at the playback, all times in seconds unless named otherwise. */
export interface WatchdogSample {
  readonly nowMs: number;
  readonly currentTime: number;
  /** False while paused, or held on purpose to fill the buffer. */
  readonly isMeantToMove: boolean;
  readonly bufferedAheadSeconds: number;
  /** Where live playback should be, null while unknown. */
  readonly liveSyncPosition: number | null;
  /** `nowMs` of the last playlist answer, whether or not it had news. */
  readonly playlistAtMs: number;
}

/** What the watchdog remembers from look to look. */
export interface WatchdogMemory {
  /** Where the playhead stood; whoever moves it as a remedy writes the new place here, so that it does not pass for playback. */
  readonly currentTime: number;
  readonly movedAtMs: number;
  /** Remedies tried since the picture last moved. */
  readonly remedies: number;
}

/** `nudge`: over a hole or a stuck decoder; `jump`: to the live position; `give-up`: only a fresh start helps. */
export type WatchdogAction = 'none' | 'nudge' | 'jump' | 'give-up';

export interface WatchdogVerdict {
  readonly memory: WatchdogMemory;
  readonly action: WatchdogAction;
  /** Moved since the last look. */
  readonly isMoving: boolean;
  /** Should move, and has not for a second. */
  readonly isStarved: boolean;
}

const STARVED_AFTER_MS = 1000;
/** Media is there, but the playhead stands: hls.js's own remedy comes at 1.25 s, so ours waits for that. */
const REMEDIES = [
  { afterMs: 1800, action: 'nudge' },
  { afterMs: 2600, action: 'jump' },
  { afterMs: 5000, action: 'give-up' },
] as const satisfies readonly { afterMs: number; action: WatchdogAction }[];
/** No media here, though the stream is further on: a lost fragment, or a hole that hls.js does not cross. */
const LOST_AFTER_MS = 2500;
const LOST_GIVE_UP_MS = 10_000;
/** Without any playlist the connection or the stream is gone: look for it afresh. */
const SILENT_GIVE_UP_MS = 8000;
const AHEAD_SECONDS = 0.5;
/** A longer way between two looks is a seek, not playback. */
const MAX_STEP_SECONDS = 3;

export function initialWatchdogMemory(nowMs: number): WatchdogMemory {
  return { currentTime: 0, movedAtMs: nowMs, remedies: 0 };
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

/** Judges one look at a playback. Pure: give the returned memory to the next call. */
export function watch(memory: WatchdogMemory, sample: WatchdogSample): WatchdogVerdict {
  const step = sample.currentTime - memory.currentTime;
  const isMoving = step > 0 && step < MAX_STEP_SECONDS;
  if (isMoving || !sample.isMeantToMove) {
    const rested = { currentTime: sample.currentTime, movedAtMs: sample.nowMs, remedies: 0 };
    return { memory: rested, action: 'none', isMoving, isStarved: false };
  }
  const action = remedyFor(sample, memory);
  const remedies = memory.remedies + (action === 'none' ? 0 : 1);
  return {
    memory: { currentTime: sample.currentTime, movedAtMs: memory.movedAtMs, remedies },
    action,
    isMoving: false,
    isStarved: sample.nowMs - memory.movedAtMs > STARVED_AFTER_MS,
  };
}
