import type { AuthorisedStream, RefusalCode } from '#domain/ingest-auth.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';

/** An authorised RTMP connection that publishes one stream. */
export interface Publisher {
  /** Unique for this connection, for log lines. */
  readonly id: string;
  readonly remoteAddress: string;
  readonly stream: AuthorisedStream;
  /** Tells the broadcaster why (an `onStatus` of level `error`) and closes the socket. Safe to call twice. */
  end(code: RefusalCode, description: string): void;
}

/** What becomes of a publisher's tags. Exactly one `onClose`, after the last `onTag`. */
export interface PublisherHandler {
  /** `receivedAtMs`: wall clock, milliseconds since 1970. */
  onTag(tag: FlvTag, receivedAtMs: number): void;
  onClose(): void;
  /** Whether viewers have something to play of the stream, from this publisher or one before it. */
  isPlayable(): boolean;
}

/** A publish that the ingest refused, or ended before there was anything to play. */
export interface RefusedPublish {
  /** Null where the key belongs to no stream, or nobody knows. */
  readonly streamId: string | null;
  readonly code: RefusalCode;
  /** As the broadcaster was told. */
  readonly description: string;
  readonly sourceAddress: string;
}

/**
 * Called once a publish is authorised, before it is answered. A PublishRefusal refuses it in its own words; any other thrown or
 * rejected error is logged and refuses it as `Rejected`.
 */
export type AcceptPublisher = (publisher: Publisher) => Promise<PublisherHandler>;
