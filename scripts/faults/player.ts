import type { Page } from 'playwright-core';

/** How a player has played. */
export interface PlayerReport {
  /** `page` is the watch page, `plain` is hls.js as it is; others have the names of their programs. */
  readonly player: string;
  /** The longest time in which its position stood still, since it first moved. */
  readonly longestStallSeconds: number;
  /** Whether it has played to the end of the stream. A program: whether it has ended, for any reason. */
  readonly hasEnded: boolean;
}

/** A player that plays a stream. It ends with its context. */
export interface Player {
  readonly name: string;
  /** Missing if it is a program. */
  readonly page?: Page;
  /** Seconds on its own clock. Null before it first moves. */
  positionSeconds(): Promise<number | null>;
  report(): Promise<PlayerReport>;
}
