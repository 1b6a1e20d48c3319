import {
  bufferedAheadSeconds,
  deferOutcome,
  type OnProgress,
  type Playback,
  type PlaybackOutcome,
  requestPlay,
} from './playback.ts';
import { initialWatchdogMemory, WATCH_INTERVAL_MS, watch } from './watchdog.ts';

/** After a standstill this long, assume that the browser's HLS has given up without reporting an error. */
const GIVE_UP_MS = 10_000;
/** The end of what can be seeked to moves by a whole segment at a time, of up to 4 s. So less than two are no distance. */
const EDGE_STEPS_SECONDS = 8;

/** The last position that can be seeked to: the live edge minus the browser's own hold-back. */
function liveEdgeSeconds({ seekable }: HTMLVideoElement): number | null {
  return seekable.length === 0 ? null : seekable.end(seekable.length - 1);
}

/** WebKit knows the date of the media's start. */
type DatedVideo = HTMLVideoElement & { readonly getStartDate?: () => Date };

function delaySeconds(video: DatedVideo): number | null {
  const startMs = video.getStartDate?.().getTime() ?? Number.NaN;
  return Number.isNaN(startMs) ? null : (Date.now() - startMs) / 1000 - video.currentTime;
}

/**
 * Plays `masterUrl` with the browser's built-in HLS, as Safari does without Media Source Extensions. The browser sets
 * the latency.
 */
export function startNativePlayback(video: HTMLVideoElement, masterUrl: string, onProgress: OnProgress): Playback {
  const { outcome, settle } = deferOutcome();
  const listeners = new AbortController();
  let watchdog = initialWatchdogMemory(performance.now());

  function finish(result: PlaybackOutcome): void {
    clearInterval(timer);
    listeners.abort();
    settle(result);
  }

  function tick(): void {
    const nowMs = performance.now();
    const verdict = watch(watchdog, {
      nowMs,
      currentTime: video.currentTime,
      isMeantToMove: !video.paused && !video.ended,
      bufferedAheadSeconds: bufferedAheadSeconds(video),
      liveSyncPosition: null,
      playlistAtMs: nowMs,
    });
    watchdog = verdict.memory;
    if (verdict.isMoving) onProgress('moving');
    if (verdict.isStarved) onProgress('starved');
    if (nowMs - watchdog.movedAtMs > GIVE_UP_MS) finish('failed');
  }

  function latencySeconds(): number | null {
    const edge = liveEdgeSeconds(video);
    return edge === null ? null : Math.max(0, edge - video.currentTime);
  }

  const timer = setInterval(tick, WATCH_INTERVAL_MS);
  video.addEventListener('ended', () => finish('ended'), { signal: listeners.signal });
  video.addEventListener('error', () => finish('failed'), { signal: listeners.signal });
  video.src = masterUrl;
  requestPlay(video, onProgress);

  return {
    outcome,
    hls: null,
    firstOffer: Promise.resolve(null),
    latencySeconds,
    targetLatencySeconds: () => null,
    delaySeconds: () => delaySeconds(video),
    behindSeconds: () => {
      const seconds = latencySeconds();
      return seconds === null || seconds >= EDGE_STEPS_SECONDS ? seconds : 0;
    },
    hasSound: () => null,
    jumpToLive() {
      const edge = liveEdgeSeconds(video);
      if (edge !== null) video.currentTime = edge;
    },
    // The browser decides what it loads, and whether it catches up.
    pauseLoading: () => undefined,
    resumeLoading: () => undefined,
    stayBehind: () => undefined,
    close() {
      finish('failed');
      video.removeAttribute('src');
      video.load();
    },
  };
}
