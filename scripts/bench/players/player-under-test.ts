import type { SeenFrame } from '#kit/frame-counter.ts';

/** Where a stream can be played from. */
export interface StreamUrls {
  readonly watchUrl: string;
  readonly multivariantPlaylistUrl: string;
  /** Of DASH. */
  readonly manifestUrl: string;
}

/** A player that plays. */
export interface PlayingPlayer {
  /** The pictures that it has shown since the last call, oldest first. */
  takeFrames(): Promise<readonly SeenFrame[]>;
  /** Whether it has told its user that the stream has ended. A program has, if it ended by itself. */
  hasEnded(): Promise<boolean>;
  /** The end of what the program has written to its standard error. Missing if there is no program. */
  complaint?(): string;
}
