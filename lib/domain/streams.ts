import type { IngestName } from './ingest-auth.ts';
import type { LadderName } from './ladders.ts';
import type { LatencyName } from './latency-profiles.ts';
import { type PlaybackMode, previewPlaybackId } from './playback-ids.ts';
import type { SlateImageFacts } from './slate-images.ts';
import type { VideoCodec } from './video-codecs.ts';

/** The deployment's ladder, latency profile and codecs, for streams that do not name one. */
export interface StreamDefaults {
  readonly ladder: LadderName;
  readonly latency: LatencyName;
  readonly codecs: readonly VideoCodec[];
}

/** The defaults for a stream that the control API creates. */
export interface NewStreamDefaults extends StreamDefaults {
  readonly playback: PlaybackMode;
}

/** The person who created a stream. */
export interface StreamOwner {
  readonly id: string;
  /** As it was then. */
  readonly name: string;
}

/** A stream as the control API stores it. The key itself is never stored. */
export interface StreamRecord {
  readonly id: string;
  readonly title: string;
  /** What viewers may read of it, in several lines. Missing in streams of earlier releases. @default none */
  readonly description?: string;
  /** Null or missing without one. */
  readonly category?: string | null;
  /** Whether the platform's home may show it, if everybody may watch it. Missing in streams of earlier releases. @default true */
  readonly listed?: boolean;
  /** Null or missing if a token created it. */
  readonly owner?: StreamOwner | null;
  /**
   * The id in viewers' URLs. It is random and unrelated to the key. Its form shows `playback`, so it changes with it.
   */
  readonly playbackId: string;
  /** The ids before it, newest first (`withPlaybackId`). Caches may have their files. @default none */
  readonly formerPlaybackIds?: readonly string[];
  readonly keyHash: string;
  /** Null or missing without a second encoder. */
  readonly backup?: BackupIngest | null;
  /** Null or missing without a picture of its own for its slate. */
  readonly slateImage?: SlateImageFacts | null;
  readonly ladder: LadderName;
  readonly latency: LatencyName;
  /** Missing in streams of earlier releases. @default H.264 alone */
  readonly codecs?: readonly VideoCodec[];
  readonly playback: PlaybackMode;
  /**
   * Whether viewers get the stream as soon as somebody publishes it. If false, it is a preview until somebody puts it on
   * air. @default true
   */
  readonly autoStart?: boolean;
  /** The key is valid from `notBefore` until just before `notAfter` (ISO 8601, UTC). Null means no limit. */
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  /** IPv4 and IPv6 addresses and CIDR blocks that may publish. If empty, every address may. */
  readonly allowedSources: readonly string[];
  /** Counts changes from 1. A writer names the version that it has read, so that no change is lost. */
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
  /** Set when the deletion begins. From then on the stream counts as deleted. The record is removed at the end. */
  readonly deletedAt: string | null;
}

/** A stream's second ingest, which takes over if the first one fails. It has a key of its own. */
export interface BackupIngest {
  readonly keyHash: string;
  /** How long the publisher on air may send nothing before the other one takes over. */
  readonly failoverMs: number;
}

/** Shorter gaps happen to healthy publishers. After a longer one, viewers would have left. */
export const FAILOVER_MS = { shortest: 500, usual: 2_000, longest: 30_000 } as const;

/**
 * How often a task renews its lease of a stream. A stop reaches the task within 2 s, even if one heartbeat fails: it fails after
 * half a second and is repeated at once. Two heartbeats a second would do that too, but at twice the writes, and writes are most of
 * what a stream costs in DynamoDB.
 */
export const STREAM_HEARTBEAT_MS = 1_000;
/** How many former playback ids a stream remembers. Each is a path of every invalidation. */
const FORMER_PLAYBACK_IDS_LIMIT = 5;

/** The changes that give a stream another playback id. The one before it is remembered, for its files in caches. */
export function withPlaybackId(stream: StreamRecord, playbackId: string): Partial<StreamRecord> {
  if (playbackId === stream.playbackId) return {};
  return { playbackId, formerPlaybackIds: viewersPlaybackIds(stream).slice(0, FORMER_PLAYBACK_IDS_LIMIT) };
}

/** The playback ids that a stream has and had, newest first. Those of its previews are among them if it may have had any. */
export function playbackIdsOf(stream: StreamRecord): readonly string[] {
  const ids = viewersPlaybackIds(stream);
  return stream.autoStart === undefined ? ids : ids.flatMap((id) => [id, previewPlaybackId(id)]);
}

const viewersPlaybackIds = ({ playbackId, formerPlaybackIds = [] }: StreamRecord): readonly string[] => [
  playbackId,
  ...formerPlaybackIds,
];

/** The longest time that a deployment may let a stream wait for its publisher to come back. */
export const MAX_RECONNECT_WINDOW_SECONDS = 600;

/**
 * The longest time that a task may keep its broadcasts after a deployment. CloudFormation gives up on an ECS service
 * after three hours (ECS developer guide, "Task scale-in protection"). New tasks have to start, and old ones to stop,
 * within that time too.
 */
export const MAX_DRAIN_MINUTES = 150;

/** The most addresses and blocks that `allowedSources` may have. */
export const ALLOWED_SOURCES_LIMIT = 50;

/** What an encoder task reports about a stream that it is encoding. */
export interface StreamHealth {
  /** Bitrate that the publisher sends. */
  readonly inputKbps: number;
  readonly frameRate: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly videoCodec: string | null;
  readonly audioCodec: string | null;
  /** Time between the publisher's last two keyframes. Null until there are two. */
  readonly keyframeIntervalSeconds: number | null;
  /** Frames that were missing in the last minute, judging by the publisher's timestamps. */
  readonly droppedFrames: number;
  /** Media seconds out per media second in. 1 keeps up. Null if unknown. */
  readonly encoderSpeed: number | null;
  /**
   * How loud the sound is: RMS of the last second, in dB below full scale. Null without sound. Missing in what tasks of an earlier
   * release wrote.
   */
  readonly audioLevelDb?: number | null;
  /** What is wrong and how to mend it, worded for the broadcaster. */
  readonly warnings: readonly string[];
  /** Missing if the stream has no backup key. */
  readonly ingest?: IngestHealth;
}

/** Which of a stream's two publishers viewers get, and which one could take over. Null if there is no other. */
export interface IngestHealth {
  readonly onAir: IngestName;
  readonly standby: IngestName | null;
}

/** Who encodes a stream now. The encoder renews it while the stream is live. */
export interface LiveRecord {
  readonly streamId: string;
  /** Id of the connection that publishes. A later publisher of the same stream replaces it. */
  readonly owner: string;
  /** Highest epoch that was handed out so far. */
  readonly epoch: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Milliseconds since 1970. After this moment the stream counts as idle. */
  readonly leaseUntilMs: number;
  readonly health: StreamHealth | null;
}

/**
 * How far a stream's sequences have come. A task that knows nothing else of the stream's past goes on above them.
 */
export interface SequenceState {
  readonly latency: LatencyName;
  /** Media sequence number after the newest segment. */
  readonly nextMsn: number;
  /** Number of discontinuities before the newest segment. */
  readonly discontinuityNumber: number;
  /** What the multivariant playlist offers, as the packager writes it. Null before the first part. */
  readonly offered: unknown;
  /** Milliseconds since 1970, by the holder's clock. */
  readonly recordedAtMs: number;
}

/** What a stream's holder tells all tasks about the stream. It outlives the holder. */
export interface BroadcastState {
  /** Milliseconds since 1970. Null until viewers can play the broadcast. */
  readonly liveSinceMs: number | null;
  /** Milliseconds since 1970. Null while somebody publishes. */
  readonly publisherGoneAtMs: number | null;
  /** Why nobody publishes. Missing while somebody does, and in what tasks of an earlier release wrote. */
  readonly publisherGoneReason?: BroadcastEndReason;
  /** Milliseconds since 1970. Null until the playlists have ended. */
  readonly endedAtMs: number | null;
  /** How many quality steps down the stream is, because its task could not keep up; 0 is full quality. */
  readonly qualityLevel: number;
  readonly sequence: SequenceState;
}

/** A task, as others find it. */
export interface TaskAddress {
  readonly taskId: string;
  /** `host:port` of the task's internal server. */
  readonly address: string;
}

/**
 * The task that holds a stream: it encodes it, or waits for its publisher, or keeps its end for players that lag.
 * Every viewer's request for the stream leads to it.
 */
export interface StreamHolder extends TaskAddress {
  readonly playbackId: string;
  /** The word by which the stream is on air. Missing for a preview, and if the stream goes on air by itself. */
  readonly onAirId?: string;
}

/** A stream that a task holds. The task's lease may be over. */
export interface HeldStream {
  readonly streamId: string;
  /** The fencing epoch: a record with a higher one is newer, and ends the rights of every holder before. */
  readonly epoch: number;
  /** Milliseconds since 1970, by the holder's clock. */
  readonly leaseUntilMs: number;
  readonly holder: StreamHolder;
  /** Null until a holder has renewed its lease once. */
  readonly broadcast: BroadcastState | null;
  /** Why somebody asked for its end. Null if nobody did since its last publish began. */
  readonly requestedEnd: EndReason | null;
}

/** What the live records say of a stream. Their leases may be over. */
export interface StreamPresence {
  /** Null if nobody publishes. */
  readonly publish: LiveRecord | null;
  /** Null if no task holds the stream. */
  readonly held: HeldStream | null;
  /** The word by which it is on air, or will be as soon as somebody publishes it. Null if nobody has given one since its last end. */
  readonly onAirId: string | null;
}

/** Why somebody asked for a publish to end. */
export type EndReason = 'stopped' | 'key-rotated' | ClosingReason;

/** Why playback ids are closed: no task answers for them from then on, not even with what has ended. */
export type ClosingReason = 'deleted' | 'purged';

/**
 * Why a broadcast ended. Unless somebody asked for the end, its publisher first had time to come back. `publisher-stopped`: the
 * broadcaster ended the publish, as streaming software does when it is told to stop. `publisher-lost`: the connection ended without
 * that. `on-air`: it was a preview, and goes on for viewers.
 */
export type BroadcastEndReason =
  | EndReason
  | 'publisher-stopped'
  | 'publisher-lost'
  | PublishFailure
  | 'shutdown'
  | 'on-air';

/** Why the platform ended a publish by itself: it cannot decode the source, no keyframe came, or FFmpeg kept failing. */
export type PublishFailure = 'source-unsupported' | 'no-keyframe' | 'encoder-failed';
