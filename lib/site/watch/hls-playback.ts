import Hls, { type ErrorData, ErrorDetails, Events, type LevelLoadedData } from 'hls.js';
import { BackBuffer } from './back-buffer.ts';
import { DelayMeter } from './delay-meter.ts';
import { startEarly } from './early-start.ts';
import { hlsConfig } from './hls-config.ts';
import { shortenHoldBack } from './hold-back.ts';
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
import { ServerClock } from './server-clock.ts';
import { REFUSED_STATUS } from './status-watch.ts';
import { type OfferedTracks, offerOf } from './track-watch.ts';
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

/** How to read the headers of an answer that the network or early.ts gave. */
function headersOf(answer: unknown): (name: string) => string | null {
  if (answer instanceof XMLHttpRequest) return (name) => answer.getResponseHeader(name);
  return (name) => (answer instanceof Response ? answer.headers.get(name) : null);
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
  readonly firstOffer: Promise<OfferedTracks | null>;
  readonly #video: HTMLVideoElement;
  readonly #onProgress: OnProgress;
  readonly #follower: LiveFollower;
  readonly #clock = new ServerClock();
  readonly #delayMeter = new DelayMeter();
  readonly #settle: (result: PlaybackOutcome) => void;
  readonly #listeners = new AbortController();
  readonly #timer: number;
  #watchdog = initialWatchdogMemory(performance.now());
  #hasPlaylist = false;
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
    this.firstOffer = new Promise((resolve) => {
      // The attributes, because hls.js drops what the browser can't play.
      this.hls.once(Events.MANIFEST_LOADED, (_event, { levels }) => resolve(offerOf(levels.map(({ attrs }) => attrs))));
      void outcome.then(() => resolve(null));
    });
    this.#listen();
    shortenHoldBack(this.hls);
    startEarly(this.hls, video);
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

  delaySeconds(): number | null {
    const date = this.#isClosed ? null : this.hls.playingDate;
    return date === null ? null : (this.#clock.at(Date.now()) - date.getTime()) / 1000;
  }

  behindSeconds(): number | null {
    const delaySeconds = this.delaySeconds();
    return delaySeconds === null ? null : this.#delayMeter.behindSeconds(delaySeconds);
  }

  hasSound(): boolean | null {
    const { levels, audioTracks } = this.hls;
    return levels.length === 0
      ? null
      : audioTracks.length > 0 || levels.some(({ audioCodec }) => audioCodec !== undefined);
  }

  jumpToLive(): void {
    if (this.#hasEnded()) this.#finish('ended');
    else if (!this.#isClosed) this.#follower.jumpToLive();
  }

  pauseLoading(): void {
    this.hls.stopLoad();
  }

  resumeLoading(): void {
    if (this.#hasEnded()) this.#finish('ended');
    else if (!this.#isClosed) this.hls.startLoad();
  }

  stayBehind(): void {
    this.#follower.stayBehind();
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
    this.hls.on(Events.LEVEL_LOADED, (_event, data) => this.#onPlaylist(data));
    this.hls.on(Events.MANIFEST_PARSED, (_event, { levels }) => {
      const early = levels.findIndex(({ uri }) => window.headendEarly?.has(uri));
      if (early !== -1) this.hls.startLevel = early;
    });
    this.hls.once(Events.MEDIA_ATTACHED, () => requestPlay(this.#video, this.#onProgress));
    this.#video.addEventListener('ended', () => this.#finish('ended'), { signal });
    this.#video.addEventListener('waiting', () => this.#follower.onWaiting(), { signal });
  }

  #tick(): void {
    const nowMs = performance.now();
    const video = this.#video;
    this.#follower.tick(nowMs);
    this.#calibrateDelay(nowMs);
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

  #calibrateDelay(nowMs: number): void {
    const delaySeconds = this.delaySeconds();
    const latencySeconds = this.#follower.latencySeconds(nowMs);
    const targetLatencySeconds = this.#follower.targetSeconds(nowMs);
    if (delaySeconds === null || latencySeconds === null || targetLatencySeconds === null) return;
    if (this.#follower.isEdgeGrowing) {
      this.#delayMeter.calibrate({ delaySeconds, latencySeconds, targetLatencySeconds });
    }
  }

  #onPlaylist({ details, networkDetails, stats }: LevelLoadedData): void {
    // A cache may say for a moment that an ended stream is live. Its last seconds are no live picture.
    if (!this.#hasPlaylist && !details.live) this.#finish('ended');
    this.#hasPlaylist = true;
    this.#playlistAtMs = performance.now();
    const header = headersOf(networkDetails);
    // Not timeOrigin: performance.now() may stop while the device sleeps, and the wall clock may be set.
    const wallOffsetMs = Date.now() - performance.now();
    this.#clock.observe({
      askedAtMs: wallOffsetMs + stats.loading.start,
      answeredAtMs: wallOffsetMs + stats.loading.first,
      date: header('date'),
      age: header('age'),
    });
  }

  #onError({ fatal, type, details, response }: ErrorData): void {
    if (details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) this.#onProgress('cannot-play');
    // The viewer token may have expired. The next probe finds out.
    else if (response?.code === REFUSED_STATUS) this.#finish('failed');
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
    if (!this.#video.paused) this.hls.once(Events.MEDIA_ATTACHED, () => requestPlay(this.#video, this.#onProgress));
    this.hls.recoverMediaError();
  }

  /** The video's own `ended` never comes while it is paused. */
  #hasEnded(): boolean {
    return !this.#isClosed && this.hls.latestLevelDetails?.live === false;
  }

  #finish(result: PlaybackOutcome): void {
    window.clearInterval(this.#timer);
    this.#listeners.abort();
    this.hls.stopLoad();
    this.#settle(result);
  }
}
