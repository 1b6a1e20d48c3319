import type { BroadcastEndReason } from './streams.ts';

/**
 * What viewers of a playback id can have: nothing, because the id was never given out or is no longer in use; nothing
 * yet; a live stream; or a stream whose playlists have ended. A stream goes through them in this order.
 */
export const PLAYBACK_STATUSES = ['unknown', 'idle', 'live', 'ended'] as const;

export type PlaybackStatus = (typeof PLAYBACK_STATUSES)[number];

/**
 * Why a live stream has no publisher, or why a stream ended, as far as it matters to viewers. The broadcaster stopped
 * (and may come back, while the stream is live); the broadcaster's connection was lost; somebody ended the stream; the
 * platform could not encode it; the platform was shut down.
 */
export const STATUS_REASONS = ['publisher-stopped', 'publisher-lost', 'stopped', 'failed', 'shutdown'] as const;

export type StatusReason = (typeof STATUS_REASONS)[number];

/** Who gets a new key is awaited as after a lost connection. Nobody is told why a stream was deleted or purged. */
const REASONS = {
  'publisher-stopped': 'publisher-stopped',
  'publisher-lost': 'publisher-lost',
  'key-rotated': 'publisher-lost',
  stopped: 'stopped',
  deleted: 'stopped',
  purged: 'stopped',
  'source-unsupported': 'failed',
  'no-keyframe': 'failed',
  'encoder-failed': 'failed',
  shutdown: 'shutdown',
  'on-air': 'stopped',
} as const satisfies Record<BroadcastEndReason, StatusReason>;

/** What viewers are told of the reason for a broadcast's end, or for the absence of its publisher. */
export const statusReasonOf = (reason: BroadcastEndReason): StatusReason => REASONS[reason];

/** The body of status.json. What is not known, or does not apply, is missing. */
export interface PlaybackStatusBody {
  readonly status: PlaybackStatus;
  /** Missing if the stream has none. */
  readonly title?: string;
  /** ISO 8601, UTC. When viewers could first play the broadcast that is live or has ended. */
  readonly startedAt?: string;
  /** ISO 8601, UTC. When the last publisher of a broadcast left that has ended. */
  readonly endedAt?: string;
  /** Display aspect of the picture in lowest terms, such as `16:9`. Missing while there is no picture. */
  readonly aspect?: string;
  /** Whether there is sound. Missing while nothing can be played. */
  readonly hasAudio?: boolean;
  /** Missing while somebody publishes. */
  readonly reason?: StatusReason;
}

/**
 * A body as it is sent. A request that has its version as `after` is answered when the body is another one, or after a
 * while.
 */
export interface VersionedStatus extends PlaybackStatusBody {
  readonly version: string;
}
