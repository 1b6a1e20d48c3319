import type { BenchContext } from '../bench-context.ts';

/** Something that takes RTMP and gives HLS. */
export interface SystemUnderTest {
  readonly name: string;
  /** Resolves when it is ready for a publisher; it ends with the context. */
  start(context: BenchContext): Promise<RunningSystem>;
}

export interface RunningSystem {
  /** With the stream key as its last part. */
  readonly publishUrl: string;
  readonly multivariantPlaylistUrl: string;
  /** A page that plays the stream by itself, muted. */
  readonly watchUrl: string;
}
