import type Hls from 'hls.js';
import type { OfferedTracks } from './track-watch.ts';

const NUDGE_SECONDS = 0.1;

/**
 * Playback starts, and goes on after it ran dry, with this share of the target latency buffered. With less it would stall
 * at every part.
 */
export const RESUME_BUFFER_SHARE = 0.6;

/**
 * How a playback ended: with the stream, or with a failure that only a fresh start can fix. `outdated`: the stream has a
 * picture or sound by now that it did not have when this playback began.
 */
export type PlaybackOutcome = 'ended' | 'failed' | 'outdated';

/** One attempt to play a live stream in a video element, with hls.js or with the browser's built-in HLS. */
export interface Playback {
  /** Settles once and never rejects. By then loading has stopped. The last picture stays until `close`. */
  readonly outcome: Promise<PlaybackOutcome>;
  /** The hls.js instance. Null with the browser's built-in HLS. */
  readonly hls: Hls | null;
  /** What the multivariant playlist offered when playback began. Null if unknown. */
  readonly firstOffer: Promise<OfferedTracks | null>;
  /** Seconds behind the live edge. Null if unknown. */
  latencySeconds(): number | null;
  /** Age of the picture on screen, in seconds: from when it reached the server until now. Null if unknown. */
  delaySeconds(): number | null;
  /** Seconds behind the picture that a viewer at live sees, also while the stream stands still. Null if unknown. */
  behindSeconds(): number | null;
  /** Whether there is sound. Null if unknown. */
  hasSound(): boolean | null;
  /** The target in seconds behind the live edge. Null if unknown. */
  targetLatencySeconds(): number | null;
  jumpToLive(): void;
  /** Loads no more media until `resumeLoading`. */
  pauseLoading(): void;
  /** Loads again. Playback that has nothing left to play where it stands goes on at live. */
  resumeLoading(): void;
  /** Does not catch up until `jumpToLive`, because the viewer wants to see what they have missed. */
  stayBehind(): void;
  /** Detaches playback from the video element. Safe to call twice. */
  close(): void;
}

/** Makes a promise of an outcome and the function that settles it. Only the first call counts. */
export function deferOutcome(): {
  readonly outcome: Promise<PlaybackOutcome>;
  readonly settle: (result: PlaybackOutcome) => void;
} {
  let settle: (result: PlaybackOutcome) => void = () => undefined;
  const outcome = new Promise<PlaybackOutcome>((resolve) => {
    settle = resolve;
  });
  return { outcome, settle };
}

/**
 * `moving`: the picture moves. `starved`: the picture has stood still for seconds. `blocked`: the browser's autoplay rules
 * refuse to start. `cannot-play`: the browser decodes none of the renditions.
 */
export type PlaybackProgress = 'moving' | 'starved' | 'blocked' | 'cannot-play';

export type OnProgress = (progress: PlaybackProgress) => void;

/** Starts playback, and says so if the browser's autoplay rules refuse. */
export function requestPlay(video: HTMLVideoElement, onProgress: OnProgress): void {
  video.play().catch((error: unknown) => {
    const name = error instanceof DOMException ? error.name : '';
    if (name === 'NotAllowedError') onProgress('blocked');
    // A newer load replaced this one and makes its own request to play.
    else if (name !== 'AbortError') throw error;
  });
}

/** Seconds from the playhead to the end of the buffer, gaps included. 0 if nothing is buffered ahead. */
export function bufferedAheadSeconds(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  return buffered.length === 0 ? 0 : Math.max(0, buffered.end(buffered.length - 1) - currentTime);
}

/**
 * Seeks over a gap to the next buffered range. Inside the last range it seeks just far enough to wake a stuck decoder.
 */
export function nudge(video: HTMLVideoElement): void {
  const { buffered, currentTime } = video;
  const starts = Array.from({ length: buffered.length }, (_, index) => buffered.start(index));
  video.currentTime = (starts.find((start) => start > currentTime) ?? currentTime) + NUDGE_SECONDS;
}
