import type Hls from 'hls.js';
import { catchUpRate } from './catch-up.ts';
import { marginAfterStall, NO_MARGIN, relaxedMargin } from './latency-margin.ts';
import { LiveEdge } from './live-edge.ts';
import { bufferedAheadSeconds, nudge, RESUME_BUFFER_SHARE } from './playback.ts';

/** Playback that is further behind than this jumps to live. Catching up at a rate of 1.1 would take half a minute. */
const JUMP_BEYOND_SECONDS = 3;
/** In its first seconds playback may still seek inside the buffer, which disturbs less than seconds of catching up. */
const SETTLING_MS = 4000;
/** The first playlist may be old. Where the live edge is shows when others have come, which takes longer without parts. */
const SETTLING_UPDATES = 3;
const SNAP_BEYOND_SECONDS = 0.4;
/** Less than this is no new media: a track may grow that had not ended playback. */
const NEW_MEDIA_SECONDS = 0.1;
const MAX_FILLING_MS = 1500;
const SLOW_NETWORK_SECONDS = 0.1;

/**
 * `dry`: there is nothing to play at the playhead, although one of audio and video may last a little longer. `filling`: media
 * arrives again and playback waits until there is enough of it.
 */
type Supply =
  | { readonly state: 'steady' }
  | { readonly state: 'dry'; readonly leftSeconds: number }
  | { readonly state: 'filling'; readonly sinceMs: number };

/** The distance of playback from the live edge, in seconds. */
interface LivePosition {
  readonly latencySeconds: number;
  /** The playlist's PART-HOLD-BACK (RFC 8216bis 4.4.3.8). Without parts, less than HOLD-BACK (`shortenHoldBack`). */
  readonly holdBackSeconds: number;
}

/**
 * Keeps playback at its target latency behind the live edge: by the playback rate or, if it is too far behind, by
 * seeking.
 */
export class LiveFollower {
  readonly #hls: Hls;
  readonly #video: HTMLVideoElement;
  readonly #edge = new LiveEdge();
  #margin = NO_MARGIN;
  #supply: Supply = { state: 'steady' };
  #isStayingBehind = false;
  /** `performance.now()` of the first tick with running playback. Null before that. */
  #runningSinceMs: number | null = null;

  constructor(hls: Hls, video: HTMLVideoElement) {
    this.#hls = hls;
    this.#video = video;
  }

  /** Adjusts playback. Call this a few times a second. `nowMs` is `performance.now()`. */
  tick(nowMs: number): void {
    this.#readEdge(nowMs);
    const position = this.#position(nowMs);
    if (position === null || this.#video.paused) {
      this.#supply = { state: 'steady' };
      this.#setRate(1);
      return;
    }
    this.#margin = relaxedMargin(this.#margin, nowMs);
    const isRunning = !this.#video.seeking && this.#video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    if (this.#supply.state !== 'steady') this.#refill(nowMs, position);
    else if (isRunning) this.#follow(nowMs, position);
  }

  /** Call this when the video element reports `waiting`. */
  onWaiting(): void {
    const hasPlayed = this.#runningSinceMs !== null && !this.#video.seeking;
    if (!hasPlayed || this.#details() === null || this.#supply.state !== 'steady') return;
    this.#supply = { state: 'dry', leftSeconds: bufferedAheadSeconds(this.#video) };
    this.#setRate(0);
  }

  /** True while playback is held on purpose to fill the buffer. */
  isFilling(): boolean {
    return this.#supply.state === 'filling';
  }

  /** False while the playlist does not grow. */
  get isEdgeGrowing(): boolean {
    return this.#edge.isGrowing;
  }

  /** Seconds behind the live edge. Null if unknown and after the end. */
  latencySeconds(nowMs: number): number | null {
    return this.#position(nowMs)?.latencySeconds ?? null;
  }

  /** The target in seconds behind the live edge. Null if unknown and after the end. */
  targetSeconds(nowMs: number): number | null {
    const position = this.#position(nowMs);
    return position === null ? null : this.#target(position);
  }

  /** Plays on where playback is, until `jumpToLive`. */
  stayBehind(): void {
    this.#isStayingBehind = true;
  }

  jumpToLive(): void {
    this.#isStayingBehind = false;
    const liveSync = this.#hls.liveSyncPosition;
    if (liveSync !== null) this.#video.currentTime = Math.max(0, liveSync - this.#margin.seconds);
  }

  #refill(nowMs: number, position: LivePosition): void {
    const targetSeconds = this.#target(position);
    const aheadSeconds = bufferedAheadSeconds(this.#video);
    const isFull = aheadSeconds >= targetSeconds * RESUME_BUFFER_SHARE;
    if (this.#supply.state === 'dry' && (isFull || aheadSeconds > this.#supply.leftSeconds + NEW_MEDIA_SECONDS)) {
      this.#supply = { state: 'filling', sinceMs: nowMs };
    }
    if (this.#supply.state !== 'filling') return;
    if (!isFull && nowMs - this.#supply.sinceMs < MAX_FILLING_MS) return;
    this.#supply = { state: 'steady' };
    this.#setRate(1);
    // A browser does not cross by itself what is missing between two runs of the encoder.
    if (this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) nudge(this.#video);
    // If the stream continued meanwhile, the network was slow. If the stream itself stopped, there is no reason to add
    // latency.
    const isNetworkSlow = position.latencySeconds > targetSeconds + SLOW_NETWORK_SECONDS;
    if (isNetworkSlow) this.#margin = marginAfterStall(this.#margin, position.holdBackSeconds, nowMs);
  }

  #follow(nowMs: number, position: LivePosition): void {
    this.#runningSinceMs ??= nowMs;
    const { latencySeconds } = position;
    const targetSeconds = this.#target(position);
    const aheadSeconds = bufferedAheadSeconds(this.#video);
    const excessSeconds = latencySeconds - targetSeconds;
    const settlingMs = Math.max(SETTLING_MS, SETTLING_UPDATES * this.#updateSeconds() * 1000);
    const isSettling = nowMs - this.#runningSinceMs < settlingMs;
    const isSnapBuffered = aheadSeconds - excessSeconds > targetSeconds * RESUME_BUFFER_SHARE;
    if (this.#isStayingBehind) {
      this.#setRate(1);
    } else if (excessSeconds > JUMP_BEYOND_SECONDS && this.#edge.isGrowing) {
      this.jumpToLive();
    } else if (isSettling && excessSeconds > SNAP_BEYOND_SECONDS && isSnapBuffered) {
      this.#video.currentTime += excessSeconds;
    } else {
      const input = { latencySeconds, targetSeconds, bufferedAheadSeconds: aheadSeconds };
      this.#setRate(catchUpRate(this.#video.playbackRate, input));
    }
  }

  /** The newest playlist. Null before the first one and after the end. */
  #details() {
    const details = this.#hls.latestLevelDetails;
    return details?.live ? details : null;
  }

  #readEdge(nowMs: number): void {
    const details = this.#details();
    if (details === null) return;
    const updateSeconds = this.#updateSeconds();
    this.#edge.read({ nowMs, edgeSeconds: details.edge, ageSeconds: details.age, updateSeconds });
  }

  /** How often the playlist grows. */
  #updateSeconds(): number {
    const details = this.#details();
    return details === null ? 0 : details.partTarget || details.targetduration;
  }

  #position(nowMs: number): LivePosition | null {
    const edgeSeconds = this.#edge.secondsAt(nowMs);
    const holdBackSeconds = this.#hls.targetLatency;
    if (this.#details() === null || edgeSeconds === null || holdBackSeconds === null) return null;
    return { latencySeconds: edgeSeconds - this.#video.currentTime, holdBackSeconds };
  }

  #target({ holdBackSeconds }: LivePosition): number {
    return holdBackSeconds + this.#margin.seconds;
  }

  #setRate(rate: number): void {
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate;
  }
}
