import type { RefusalCode } from './ingest-auth.ts';
import type { EndReason } from './streams.ts';

/** Why a broadcast ended. Unless somebody asked for the end, its publisher first had time to come back. */
export type BroadcastEndReason = EndReason | 'publisher-left' | 'source-unsupported' | 'encoder-failed' | 'shutdown';

/** Why an FFmpeg process was replaced: it died, produced nothing, did not keep up, or its input changed. */
export type RestartReason = 'died' | 'stalled' | 'overloaded' | 'source-changed';

/** Viewers can play the stream, because its multivariant playlist exists. */
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

/** A live stream continues with a new FFmpeg process. */
interface EncoderRestarted {
  readonly type: 'encoder.restarted';
  readonly streamId: string;
  readonly playbackId: string;
  readonly reason: RestartReason;
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

/** What happened, without an id and a time. */
export type EventBody = StreamLive | StreamEnded | StreamRefused | EncoderRestarted | StreamQualityChanged;

/** Something that happened to a stream. */
export type HeadendEvent = EventBody & {
  /** Never used twice. Consumers need it because an event may be delivered twice. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
};

/**
 * Delivers events in order. `publish` never throws and never waits. An event that can't be delivered becomes a log
 * line.
 */
export interface EventSink {
  publish(event: HeadendEvent): void;
}

/** Reports that something happened just now. */
export type EmitEvent = (body: EventBody) => void;
