import {
  bufferedAheadSeconds,
  deferOutcome,
  type OnProgress,
  type Playback,
  type PlaybackOutcome,
  requestPlay,
} from './playback.ts';
import { initialWatchdogMemory, watch } from './watchdog.ts';

const TICK_MS = 200;
/** Standing still for this long, the browser's own HLS has given up without saying so. */
const GIVE_UP_MS = 10_000;

/** The last moment that can be sought to: the live edge less the browser's own hold-back. */
function liveEdgeSeconds({ seekable }: HTMLVideoElement): number | null {
  return seekable.length === 0 ? null : seekable.end(seekable.length - 1);
}

/** Plays `masterUrl` with the browser's own HLS: Safari where Media Source Extensions are missing. It keeps its own latency. */
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

  const timer = setInterval(tick, TICK_MS);
  video.addEventListener('ended', () => finish('ended'), { signal: listeners.signal });
  video.addEventListener('error', () => finish('failed'), { signal: listeners.signal });
  video.src = masterUrl;
  requestPlay(video);

  return {
    outcome,
    hls: null,
    latencySeconds: () => {
      const edge = liveEdgeSeconds(video);
      return edge === null ? null : Math.max(0, edge - video.currentTime);
    },
    targetLatencySeconds: () => null,
    jumpToLive() {
      const edge = liveEdgeSeconds(video);
      if (edge !== null) video.currentTime = edge;
    },
    close() {
      finish('failed');
      video.removeAttribute('src');
      video.load();
    },
  };
}
