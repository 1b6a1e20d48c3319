import type { LadderName } from './ladders.ts';
import type { LatencyName } from './latency-profiles.ts';
import type { VideoCodec } from './video-codecs.ts';

/** What the encoder asks the ingest-auth function before it answers a publish. */
export interface IngestAuthRequest {
  readonly streamKey: string;
  readonly sourceAddress: string;
}

/** In UTF-16 code units. */
export const MAX_TITLE_LENGTH = 200;

/** The stream that a key may publish to, with everything that the encoder needs to know about it. */
export interface AuthorisedStream {
  readonly streamId: string;
  /** The playback id under which the publish begins. */
  readonly playbackId: string;
  /**
   * The playback id under which it goes on when somebody has put the stream on air. Until then, `playbackId` is that of
   * its preview. Missing if the stream goes on air by itself, as those of a backend do.
   */
  readonly onAirPlaybackId?: string;
  /**
   * Version of the stream's record when the publish was allowed. A later change may still forbid it. Null if the stream
   * has no record, because a backend knows it.
   */
  readonly version: number | null;
  readonly ladder: LadderName;
  readonly latency: LatencyName;
  /** What the ladder's rungs are encoded in. @default H.264 alone */
  readonly codecs?: readonly VideoCodec[];
  /** What viewers read while the stream waits for its publisher. Missing if it has none. */
  readonly title?: string | undefined;
  /** SHA-256 in hex of the stream's own picture for its slate. @default it has none */
  readonly slateImage?: string;
  /** What the publisher may send on average. The encoder never limits below a minimum of its own (`RTMP_LIMITS`). */
  readonly maxInputKbps: number;
  /** Which of the stream's two ingests the key is for. @default 'primary' */
  readonly ingest?: IngestName;
  /** How long the publisher on air may send nothing before the other one takes over. @default FAILOVER_MS.usual */
  readonly failoverMs?: number;
}

/** A stream may have two publishers. Viewers get the primary one if it works. */
export type IngestName = (typeof INGEST_NAMES)[number];

export const INGEST_NAMES = ['primary', 'backup'] as const;

/** The decision. The broadcaster sees a refusal's description. A refusal names the stream if the key belongs to one. */
export type IngestAuthResponse =
  | { readonly allow: true; readonly stream: AuthorisedStream }
  | {
      readonly allow: false;
      readonly code: RefusalCode;
      readonly description: string;
      readonly streamId?: string | undefined;
    };

/**
 * RTMP status codes of a refused publish. `BadName` is final for this key. After `Rejected`, another try may succeed.
 */
export const REFUSAL_CODES = ['NetStream.Publish.BadName', 'NetStream.Publish.Rejected'] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** What a broadcaster reads whose key nobody was given. */
export const UNKNOWN_KEY_DESCRIPTION = 'This stream key is unknown or no longer valid.';

/**
 * Decides about a publish. Rejects if it can't decide. The caller then fails closed: the publish counts as `Rejected`.
 */
export type Authorise = (request: IngestAuthRequest) => Promise<IngestAuthResponse>;

/** Message of the log line that says that a backend gave no usable answer. An alarm counts these lines. */
export const WEBHOOK_FAILED = 'webhook failed';
