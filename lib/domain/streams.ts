import type { LadderName } from './ladders.ts';
import type { LatencyName } from './latency-profiles.ts';
import type { PlaybackMode } from './playback-ids.ts';

/** What a stream gets whose maker names neither: a deployment's own choice. */
export interface StreamDefaults {
  readonly ladder: LadderName;
  readonly latency: LatencyName;
}

/** The same for streams that the control API makes. */
export interface NewStreamDefaults extends StreamDefaults {
  readonly playback: PlaybackMode;
}

/** What the control API keeps of a stream. The key itself is never stored. */
export interface StreamRecord {
  readonly id: string;
  readonly title: string;
  /** In viewers' URLs; random and unrelated to the key. It changes with `playback`, which its form tells. */
  readonly playbackId: string;
  readonly keyHash: string;
  readonly ladder: LadderName;
  readonly latency: LatencyName;
  readonly playback: PlaybackMode;
  /** The key opens nothing before this moment (ISO 8601, UTC), or from `notAfter` on; null: no limit. */
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  /** IPv4 and IPv6 addresses and CIDR blocks that may publish; none: any may. */
  readonly allowedSources: readonly string[];
  /** Counts changes, from 1: who writes names the version that was read, so that no change is lost. */
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
  /** Set when the deletion begins, from when on the stream counts as gone; the record goes with the deletion's end. */
  readonly deletedAt: string | null;
}

/** The longest time that a deployment may let a stream wait for its publisher to come back. */
export const MAX_RECONNECT_WINDOW_SECONDS = 600;

/** A stream may be published to from at most so many addresses and blocks. */
export const ALLOWED_SOURCES_LIMIT = 50;

/** An admin token. The token itself is never stored. */
export interface AdminTokenRecord {
  /** Made of the hash (`secretId`), so that a token leads to its record. */
  readonly id: string;
  readonly name: string;
  readonly tokenHash: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** What an encoder task reports of a stream that it is encoding. */
export interface StreamHealth {
  /** Bitrate of what the publisher sends. */
  readonly inputKbps: number;
  readonly frameRate: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly videoCodec: string | null;
  readonly audioCodec: string | null;
  /** Between the publisher's last two keyframes; null until there are two. */
  readonly keyframeIntervalSeconds: number | null;
  /** Frames missing from the publisher's frame times in the last minute. */
  readonly droppedFrames: number;
  /** Media seconds that the encoder puts out for each that goes in; 1 keeps up, null is unknown. */
  readonly encoderSpeed: number | null;
  /** What is wrong, in words for the broadcaster. */
  readonly warnings: readonly string[];
}

/** Who encodes a stream now, renewed while it is live. */
export interface LiveRecord {
  readonly streamId: string;
  /** Id of the connection that publishes; a later publisher of the same stream replaces it. */
  readonly owner: string;
  /** Highest epoch handed out so far. */
  readonly epoch: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Milliseconds since 1970; past it the stream counts as idle. */
  readonly leaseUntilMs: number;
  readonly health: StreamHealth | null;
}

/** Why somebody asked for a publish to end. */
export type EndReason = 'stopped' | 'key-rotated' | 'deleted';
