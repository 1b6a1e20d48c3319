import type { BroadcastEndReason } from './streams.ts';

/** What a traced tag is. A header configures a decoder; a keyframe is a picture at which one can start. */
export const TAG_KINDS = ['audio', 'video', 'keyframe', 'header', 'script'] as const;
export type TagKind = (typeof TAG_KINDS)[number];

/** Tags of a publisher, oldest first, as columns of the same length. */
export interface TracedTags {
  /** By the encoder's clock, in milliseconds since 1970. */
  readonly receivedAtMs: readonly number[];
  /** By the publisher's clock, in milliseconds. */
  readonly timestampMs: readonly number[];
  readonly bytes: readonly number[];
  readonly kind: readonly TagKind[];
}

/** A connection that published. All moments are ISO 8601, UTC. */
export interface TracedPublish {
  readonly connectedAt: string;
  /** Null while it publishes. */
  readonly leftAt: string | null;
  readonly sourceAddress: string;
  /** What the publisher's software says it is. Null if it says nothing. */
  readonly software: string | null;
  /** Null while it publishes. */
  readonly endReason: BroadcastEndReason | null;
}

/** A run of FFmpeg. */
export interface TracedRun {
  readonly epoch: number;
  readonly startedAt: string;
  /** Null while it runs. */
  readonly endedAt: string | null;
  /** How it ended: as it was told to, or what was wrong with it. Null while it runs. */
  readonly outcome: string | null;
  /** Why another run takes its place. Null if it was not told to end for that. */
  readonly replacedBecause: string | null;
  /** The last lines that FFmpeg wrote. Empty while it runs. */
  readonly lastWords: readonly string[];
}

/** A warning in the stream's health. */
export interface TracedWarning {
  readonly text: string;
  readonly since: string;
  /** Null while it holds. */
  readonly until: string | null;
}

/** What an encoder task remembers of a stream's publisher. It has no media, no key and nothing of an address that was called. */
export interface StreamTrace {
  readonly streamId: string;
  readonly recordedAt: string;
  readonly publishes: readonly TracedPublish[];
  readonly runs: readonly TracedRun[];
  readonly warnings: readonly TracedWarning[];
  /** Of the last minute before `recordedAt`. */
  readonly tags: TracedTags;
}
