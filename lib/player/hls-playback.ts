import Hls, { type ErrorData, Events } from 'hls.js';
import { BackBuffer } from './back-buffer.ts';
import { hlsConfig } from './hls-config.ts';
import { LiveFollower } from './live-follower.ts';
import {
  bufferedAheadSeconds,
  deferOutcome,
  nudge,
  type OnProgress,
  type Playback,
  type PlaybackOutcome,
  requestPlay,
} from './playback.ts';
import { REFUSED_STATUS } from './status-watch.ts';
import { initialWatchdogMemory, WATCH_INTERVAL_MS, type WatchdogAction, watch } from './watchdog.ts';

/** What to do about an error that hls.js does not recover from by itself. */
export type Remedy = 'restart-loading' | 'recover-media' | 'give-up';

/** A second fatal error this soon after the first means that the remedy did not help. */
const TOO_SOON_MS = 5000;

/** Chooses the remedy for a fatal hls.js error of `type`. `sinceLastMs` is Infinity for the first error. */
export function remedyForFatalError(type: string, sinceLastMs: number): Remedy {
  if (sinceLastMs < TOO_SOON_MS) return 'give-up';
  if (type === 'networkError') return 'restart-loading';
  return type === 'mediaError' ? 'recover-media' : 'give-up';
}

/** The stream to play. */
export interface HlsStream {
  /** Absolute URL of the multivariant playlist. */
  readonly masterUrl: string;
  /** Whether the stream requires a viewer token. The token can expire during playback. */
  readonly isProtected: boolean;
}

/** Plays a multivariant playlist with hls.js. Requires Media Source Extensions. */
export class HlsPlayback implements Playback {
  readonly outcome: Promise<PlaybackOutcome>;
  readonly hls: Hls;
  readonly #video: HTMLVideoElement;
  readonly #onProgress: OnProgress;
  readonly #follower: LiveFollower;
  readonly #settle: (result: PlaybackOutcome) => void;
  readonly #listeners = new AbortController();
  readonly #timer: number;
  #watchdog = initialWatchdogMemory(performance.now());
  #playlistAtMs = performance.now();
  #fatalAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(video: HTMLVideoElement, { masterUrl, isProtected }: HlsStream, onProgress: OnProgress) {
    const { outcome, settle } = deferOutcome();
    this.outcome = outcome;
    this.#settle = settle;
    this.#video = video;
    this.#onProgress = onProgress;
    this.hls = new Hls(hlsConfig({ isProtected }));
    this.#follower = new LiveFollower(this.hls, video);
    this.#listen();
    this.#timer = window.setInterval(() => this.#tick(), WATCH_INTERVAL_MS);
    this.hls.loadSource(masterUrl);
    this.hls.attachMedia(video);
  }

  latencySeconds(): number | null {
    return this.#isClosed ? null : this.#follower.latencySeconds(performance.now());
  }

  targetLatencySeconds(): number | null {
    return this.#isClosed ? null : this.#follower.targetSeconds(performance.now());
  }

  jumpToLive(): void {
    if (!this.#isClosed) this.#follower.jumpToLive();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#finish('failed');
    this.hls.destroy();
    this.#video.playbackRate = 1;
  }

  #listen(): void {
    const { signal } = this.#listeners;
    this.hls.on(Events.ERROR, (_event, data) => this.#onError(data));
    const backBuffer = new BackBuffer(this.hls, this.#video);
    this.hls.on(Events.FRAG_BUFFERED, (_event, data) => backBuffer.onBuffered(data));
    this.hls.on(Events.LEVEL_LOADED, () => {
      this.#playlistAtMs = performance.now();
    });
    this.hls.once(Events.MEDIA_ATTACHED, () => requestPlay(this.#video));
    this.#video.addEventListener('ended', () => this.#finish('ended'), { signal });
    this.#video.addEventListener('waiting', () => this.#follower.onWaiting(), { signal });
  }

  #tick(): void {
    const nowMs = performance.now();
    const video = this.#video;
    this.#follower.tick(nowMs);
    const verdict = watch(this.#watchdog, {
      nowMs,
      currentTime: video.currentTime,
      isMeantToMove: !video.paused && !video.ended && !this.#follower.isFilling(),
      bufferedAheadSeconds: bufferedAheadSeconds(video),
      liveSyncPosition: this.hls.liveSyncPosition,
      playlistAtMs: this.#playlistAtMs,
    });
    this.#watchdog = verdict.memory;
    if (verdict.isMoving) this.#onProgress('moving');
    if (verdict.isStarved) this.#onProgress('starved');
    this.#apply(verdict.action);
  }

  #apply(action: WatchdogAction): void {
    if (action === 'none') return;
    if (action === 'give-up') {
      this.#finish('failed');
      return;
    }
    if (action === 'nudge') nudge(this.#video);
    else this.#follower.jumpToLive();
    this.#watchdog = { ...this.#watchdog, currentTime: this.#video.currentTime };
  }

  #onError({ fatal, type, response }: ErrorData): void {
    // The viewer token may have expired. The next probe finds out.
    if (response?.code === REFUSED_STATUS) this.#finish('failed');
    else if (fatal) this.#onFatalError(type);
  }

  #onFatalError(type: string): void {
    const nowMs = performance.now();
    const remedy = remedyForFatalError(type, nowMs - this.#fatalAtMs);
    this.#fatalAtMs = nowMs;
    if (remedy === 'give-up') this.#finish('failed');
    else if (remedy === 'restart-loading') this.hls.startLoad();
    else this.#recoverMedia();
  }

  #recoverMedia(): void {
    // Recovery attaches the video element again, which pauses it. Resume unless the viewer had paused.
    if (!this.#video.paused) this.hls.once(Events.MEDIA_ATTACHED, () => requestPlay(this.#video));
    this.hls.recoverMediaError();
  }

  #finish(result: PlaybackOutcome): void {
    window.clearInterval(this.#timer);
    this.#listeners.abort();
    this.hls.stopLoad();
    this.#settle(result);
  }
}
