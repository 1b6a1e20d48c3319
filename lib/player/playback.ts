import type Hls from 'hls.js';

/** How a playback ended: by the stream's own end, or in a way that only a fresh start mends. */
export type PlaybackOutcome = 'ended' | 'failed';

/** One attempt at playing a live stream in a video element, by hls.js or by the browser itself. */
export interface Playback {
  /** Settles once, never rejects; loading has stopped by then, the last picture stays until `close`. */
  readonly outcome: Promise<PlaybackOutcome>;
  /** The hls.js instance, null for the browser's own HLS. */
  readonly hls: Hls | null;
  /** Seconds behind the live edge, null while unknown. */
  latencySeconds(): number | null;
  /** Seconds behind the live edge that playback aims for, null while unknown. */
  targetLatencySeconds(): number | null;
  jumpToLive(): void;
  /** Takes everything off the video element. Safe to call twice. */
  close(): void;
}

/** A promise of an outcome and what settles it; only the first call counts. */
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

/** Told when the picture moves and when it has stood still for want of media. */
export type OnProgress = (event: 'moving' | 'starved') => void;

/** Starts playback; a refusal by the browser's autoplay rules leaves the play button to the viewer. */
export function requestPlay(video: HTMLVideoElement): void {
  video.play().catch((error: unknown) => {
    const name = error instanceof DOMException ? error.name : '';
    // AbortError: a newer load took the place of this one, and asks to play itself.
    if (name !== 'NotAllowedError' && name !== 'AbortError') throw error;
  });
}

/** Seconds from the playhead to the end of what is buffered, holes included; 0 with nothing ahead. */
export function bufferedAheadSeconds(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  return buffered.length === 0 ? 0 : Math.max(0, buffered.end(buffered.length - 1) - currentTime);
}
