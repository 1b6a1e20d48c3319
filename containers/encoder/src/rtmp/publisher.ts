import type { AuthorisedStream, RefusalCode } from '#domain/ingest-auth.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';

/** What a broadcaster is told whose stream has a newer connection. */
export const REPLACED_BY_NEWER = 'Replaced by a newer connection with the same stream key';
/** What a broadcaster is told if another one stays on air. */
export const ANOTHER_ENCODER =
  'Another encoder is publishing with this stream key, and stays on air; stop one of the two, or give it a stream of its own';
/** What a broadcaster is told whose server drains. */
export const SERVER_REPLACED = 'The server is being replaced; connect again';

/** An authorised RTMP connection that publishes one stream. */
export interface Publisher {
  /** The connection's unique id, for log lines. */
  readonly id: string;
  readonly remoteAddress: string;
  /** What its software says it is, in at most 64 printable characters. Null if it says nothing. */
  readonly software: string | null;
  readonly stream: AuthorisedStream;
  /** Tells the broadcaster why (an `onStatus` of level `error`) and closes the socket. Safe to call twice. */
  end(code: RefusalCode, description: string): void;
  /**
   * Gets rid of the broadcaster because the task that encodes drains. Software that knows the request is asked to connect again, and
   * is served until it leaves, for a few seconds at most. All other is told in an error status. Safe to call twice.
   */
  sendAway(): void;
  /** Whether the connection has left or was ended. Then it must not take the stream from one that has come since. */
  hasEnded(): boolean;
}

/** How a publisher left: it ended its publish, as streaming software does when it is told to stop, or its connection ended. */
export type Departure = 'stopped' | 'lost';

/** Takes a publisher's tags. `onClose` is called exactly once, after the last `onTag`. */
export interface PublisherHandler {
  /** `receivedAtMs`: wall clock, milliseconds since 1970. */
  onTag(tag: FlvTag, receivedAtMs: number): void;
  /** `departure` means nothing if the publish was ended from this side. */
  onClose(departure: Departure): void;
  /** Whether viewers have something to play of the stream, from this publisher or one before it. */
  isPlayable(): boolean;
  /** Whether so many tags wait to be passed on that the publisher's next ones should be read later. @default never */
  isCrowded?(): boolean;
  /** Another encoder at this address wants the stream again and again, and was refused. */
  onContested(refusedAddress: string): void;
}

/**
 * Called when a publish is authorised, before it is answered. A PublishRefusal refuses it with its own code and words. Any other
 * error is logged and refuses it as `Rejected`. It must settle: the stream's next publisher waits for it.
 */
export type AcceptPublisher = (publisher: Publisher) => Promise<PublisherHandler>;

/** Refuses an authorised publish. That is no failure: the broadcaster is told the code and the message. */
export class PublishRefusal extends Error {
  override readonly name = 'PublishRefusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, description: string) {
    super(description);
    this.code = code;
  }
}

/** Throws if a publisher has gone while it was being accepted. Nobody is left to be told. */
export function refuseIfEnded(publisher: Publisher): void {
  if (publisher.hasEnded()) throw new PublishRefusal('NetStream.Publish.Rejected', 'The connection has gone');
}

/** A publish that was refused, or that ended before viewers had anything to play. */
export interface RefusedPublish {
  /** Null if the key belongs to no stream, or the stream is unknown. */
  readonly streamId: string | null;
  readonly code: RefusalCode;
  /** The words that the broadcaster was told. */
  readonly description: string;
  readonly sourceAddress: string;
}
