import type { RefusalCode } from './ingest-auth.ts';
import type { EndReason } from './streams.ts';

/** Why a broadcast ended. Where nobody asked for the end, that is after its publisher had the time to come back. */
export type BroadcastEndReason = EndReason | 'publisher-left' | 'source-unsupported' | 'encoder-failed' | 'shutdown';

/** Why an FFmpeg was replaced: it died, put nothing out, did not keep up, or its input became another. */
export type RestartReason = 'died' | 'stalled' | 'overloaded' | 'source-changed';

/** Viewers can play the stream: its multivariant playlist is there. */
interface StreamLive {
  readonly type: 'stream.live';
  readonly streamId: string;
  readonly playbackId: string;
}

/** The stream's playlists have ended. A publisher who comes back in time ends nothing. */
interface StreamEnded {
  readonly type: 'stream.ended';
  readonly streamId: string;
  readonly playbackId: string;
  readonly reason: BroadcastEndReason;
  /** From `stream.live` until the last publisher was gone. */
  readonly durationSeconds: number;
}

/** A publish was refused, or ended before anybody could watch it. The key that was used is in no event. */
interface StreamRefused {
  readonly type: 'stream.refused';
  /** Null where the key belongs to no stream. */
  readonly streamId: string | null;
  readonly code: RefusalCode;
  /** As the broadcaster was told. */
  readonly description: string;
  readonly sourceAddress: string;
  /** How many such publishes it stands for, this one being the latest; missing where that is one. */
  readonly count?: number;
}

/** A live stream goes on with a new FFmpeg. */
interface EncoderRestarted {
  readonly type: 'encoder.restarted';
  readonly streamId: string;
  readonly playbackId: string;
  readonly reason: RestartReason;
}

/** What happened, without its place in time. */
export type EventBody = StreamLive | StreamEnded | StreamRefused | EncoderRestarted;

/** Something that happened to a stream. */
export type HeadendEvent = EventBody & {
  /** Unique for ever, since a sink may be given an event twice. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
};

/** Takes events on, in their order. It never throws and never waits: what can't be delivered costs a log line. */
export interface EventSink {
  publish(event: HeadendEvent): void;
}

/** Says that something happened just now. */
export type EmitEvent = (body: EventBody) => void;
