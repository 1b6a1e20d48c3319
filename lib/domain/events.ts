import type { IngestName, RefusalCode } from './ingest-auth.ts';
import type { BroadcastEndReason, PublishFailure } from './streams.ts';

/** Why an FFmpeg process was replaced: it died, produced nothing, did not keep up, or its input changed. */
export type RestartReason = 'died' | 'stalled' | 'overloaded' | 'source-changed';

/**
 * Viewers can play the stream, because its multivariant playlist exists. Another task tells it again if the one that told it could not
 * write that down, because it was killed or the database did not answer.
 */
interface StreamLive {
  readonly type: 'stream.live';
  readonly streamId: string;
  readonly playbackId: string;
}

/** The stream's playlists have ended. They do not end if the publisher comes back in time. */
interface StreamEnded {
  readonly type: 'stream.ended';
  readonly streamId: string;
  readonly playbackId: string;
  readonly reason: BroadcastEndReason;
  /** From `stream.live` until the last publisher left. */
  readonly durationSeconds: number;
}

/**
 * The studio can play the preview of a stream that goes on air on a word. Its viewers have nothing of it. The playback id is that of
 * the preview, as in all other events about it.
 */
interface StreamPreviewStarted {
  readonly type: 'stream.preview-started';
  readonly streamId: string;
  readonly playbackId: string;
}

/** A preview is over: the stream goes on for viewers, or nobody publishes it any more. */
interface StreamPreviewEnded {
  readonly type: 'stream.preview-ended';
  readonly streamId: string;
  readonly playbackId: string;
  readonly reason: BroadcastEndReason;
  /** From `stream.preview-started`. */
  readonly durationSeconds: number;
}

/** A publish was refused, or ended before anybody could watch it. No event contains the stream key. */
interface StreamRefused {
  readonly type: 'stream.refused';
  /** Null if the key belongs to no stream. */
  readonly streamId: string | null;
  readonly code: RefusalCode;
  /** The message that the broadcaster sees. */
  readonly description: string;
  readonly sourceAddress: string;
  /** How many such publishes this event stands for. It describes the latest one. Missing if it stands for one. */
  readonly count?: number;
}

/** Two encoders publish with one key and have replaced each other again and again. The one on air stays, and the other is refused. */
interface StreamContested {
  readonly type: 'stream.contested';
  readonly streamId: string;
  readonly playbackId: string;
  /** Of the encoder on air. */
  readonly sourceAddress: string;
  readonly refusedAddress: string;
}

/** The platform has ended the publish of a live stream. Viewers wait, and the publisher may come back. */
interface StreamPublishEnded {
  readonly type: 'stream.publish-ended';
  readonly streamId: string;
  readonly playbackId: string;
  readonly reason: PublishFailure;
  /** The message that the broadcaster sees. */
  readonly description: string;
  readonly sourceAddress: string;
}

/** A live stream continues with a new FFmpeg process. */
interface EncoderRestarted {
  readonly type: 'encoder.restarted';
  readonly streamId: string;
  readonly playbackId: string;
  readonly reason: RestartReason;
}

/** Why the other publisher of a stream took over: the one on air sent nothing, or left, or the primary one is steady again. */
export type FailoverReason = 'stalled' | 'left' | 'recovered';

/** Viewers get a stream from its other publisher now. */
interface StreamFailover {
  readonly type: 'stream.failover';
  readonly streamId: string;
  readonly playbackId: string;
  readonly onAir: IngestName;
  readonly reason: FailoverReason;
}

/** A video rendition that viewers can choose. */
export interface ViewerRendition {
  /** The name of its rung. */
  readonly name: string;
  /** Frames per second. */
  readonly frameRate: number;
}

/**
 * The encoder makes less of a live stream than its ladder and its source allow, because it did not keep up; or more
 * again. Players go on without help. A rendition that is left out goes on at its URL with the next smaller picture.
 */
interface StreamQualityChanged {
  readonly type: 'stream.quality-changed';
  readonly streamId: string;
  readonly playbackId: string;
  readonly direction: 'down' | 'up';
  /** What viewers get now, best first. */
  readonly renditions: readonly ViewerRendition[];
}

/** What a change was made to, or what it left: settings by name, without secrets. */
export type ChangedFields = Readonly<Record<string, unknown>>;

/** Somebody changed something with the control API, or may have: a request that failed with a 5xx is listed too. */
export interface ApiChanged {
  readonly type: 'api.changed';
  /** Id and name of the admin token, or of the session and its person. */
  readonly tokenId: string;
  readonly tokenName: string;
  readonly sourceAddress: string;
  /** Method and path of the route, as in `PATCH /api/streams/{id}`. */
  readonly action: string;
  /** The path of the request. */
  readonly path: string;
  /** Null if the change is not about a stream. */
  readonly streamId: string | null;
  /** HTTP status of the answer. */
  readonly status: number;
  /** The fields that differ. Null if there was nothing before, or if the action changes no settings. */
  readonly before: ChangedFields | null;
  /** Null if there is nothing any more, or if the action changes no settings. */
  readonly after: ChangedFields | null;
}

/** Somebody changed a stream with the control API, as its timeline shows it. The audit trail says it in full (`ApiChanged`). */
interface StreamChanged {
  readonly type: 'stream.changed';
  readonly streamId: string;
  /** Method and path of the route, as in `POST /api/streams/{id}/stop`. */
  readonly action: string;
  /** Name of whoever did it. */
  readonly by: string;
  /** Names of the settings that differ. Empty if the action changes none, or if it created the stream. */
  readonly fields: readonly string[];
}

/** What happened, without an id and a time. */
export type EventBody =
  | StreamLive
  | StreamEnded
  | StreamPreviewStarted
  | StreamPreviewEnded
  | StreamRefused
  | StreamContested
  | StreamPublishEnded
  | EncoderRestarted
  | StreamFailover
  | StreamQualityChanged
  | ApiChanged;

/** Something that happened. */
export type HeadendEvent = EventBody & EventStamp;

/** An entry of a stream's timeline. */
export type TimelineEvent = (Exclude<EventBody, ApiChanged> | StreamChanged) &
  EventStamp & { readonly streamId: string };

/** When something happened, and its name. */
export interface EventStamp {
  /** Never used twice. Consumers need it because an event may be delivered twice. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
}

/** An entry of the audit trail. */
export type AuditEntry = ApiChanged & EventStamp;

/** `source` of every event on the bus, by which rules select. */
export const EVENT_SOURCE = 'headend';

/**
 * Delivers events in order. `publish` never throws and never waits. An event that can't be delivered becomes a log
 * line.
 */
export interface EventSink {
  publish(event: HeadendEvent): void;
}

/** Reports that something happened just now. */
export type EmitEvent = (body: EventBody) => void;
