import type { Logger } from 'pino';
import type { Authorise, AuthorisedStream, IngestAuthResponse, RefusalCode } from '#domain/ingest-auth.ts';
import { InputLimit } from '#encoder/guard/input-limit.ts';
import type { EnhancedFourCc } from '#encoder/media/enhanced-codecs.ts';
import type { ConnectionLog } from './connection-log.ts';
import { LiveInput } from './live-input.ts';
import {
  type AcceptPublisher,
  type Departure,
  type PublisherHandler,
  PublishRefusal,
  REPLACED_BY_NEWER,
  type RefusedPublish,
} from './publisher.ts';
import type { Claimant, PublisherRegistry } from './publisher-registry.ts';

/** What a publish needs from its connection. */
export interface PublishConnection {
  readonly id: string;
  readonly remoteAddress: string;
  /** What the peer's software says it is. Null if it says nothing. */
  readonly software: string | null;
  /** Answers the publish command. After this, the publisher sends media. */
  startPublish(): void;
  /** Tells the broadcaster why the publish is over, and closes the connection. */
  refuse(code: RefusalCode, description: string): void;
  /** Asks a live publisher to connect again, or ends the publish. */
  sendAway(): void;
}

/** What all publishes of a server share. */
export interface PublishServices {
  readonly authorise: Authorise;
  readonly acceptPublisher: AcceptPublisher;
  /** Called at most once per publish. Not called if `acceptPublisher` or its handler ended the publish: they report that. */
  readonly onRefused: (refusal: RefusedPublish) => void;
  readonly registry: PublisherRegistry;
  /** The Enhanced RTMP codecs that FFmpeg can decode. */
  readonly enhancedCodecs: ReadonlySet<EnhancedFourCc>;
  readonly limits: ConstructorParameters<typeof InputLimit>[1];
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
}

export interface PublishOptions extends PublishServices {
  readonly connection: PublishConnection;
  /** A secret: neither logged nor sent back. Empty if the command had none. */
  readonly streamKey: string;
  readonly log: Logger;
  readonly connectionLog: ConnectionLog;
}

/** Shorter keys are not redacted: they are no secrets, and may be part of any word. */
const SHORTEST_SECRET = 8;

/** One publish, from the command to its end. */
export class Publish implements Claimant {
  /** Resolves when the publish's handler is closed, or when the publish ended without one. Never rejects. */
  readonly closed: Promise<void>;
  readonly #options: PublishOptions;
  #log: Logger;
  #streamId: string | undefined;
  /** Set when the publish goes live, and never unset. */
  #input: LiveInput | null = null;
  /** Who ended the publish. */
  #endedBy: 'us' | 'peer' | null = null;
  #departure: Departure = 'lost';
  #resolveEnded: () => void = () => undefined;
  readonly #ended = new Promise<void>((resolve) => {
    this.#resolveEnded = resolve;
  });

  /** Starts the publish. */
  constructor(options: PublishOptions) {
    this.#options = options;
    this.#log = options.log;
    this.closed = this.#run().catch((error: unknown) => this.#fail(error));
  }

  /** The whole publish: it is authorised, claimed, accepted, live, and ended. */
  async #run(): Promise<void> {
    const stream = await this.#authorise();
    if (stream === null) return;
    try {
      if (!(await this.#claim(stream)) || this.#hasEnded()) return;
      const handler = await this.#accept(stream);
      if (handler === null) return;
      try {
        if (!this.#hasEnded()) this.#goLive(stream, handler);
        await this.#ended;
      } finally {
        this.#close(handler);
      }
    } finally {
      this.#options.registry.release(stream, this);
    }
  }

  get id(): string {
    return this.#options.connection.id;
  }

  get remoteAddress(): string {
    return this.#options.connection.remoteAddress;
  }

  get lastTagAtMs(): number | null {
    return this.input?.lastTagAtMs ?? null;
  }

  onContested(refusedAddress: string): void {
    this.input?.onContested(refusedAddress);
  }

  /** Undefined until the key is found to belong to a stream. */
  get streamId(): string | undefined {
    return this.#streamId;
  }

  /** Takes the media of a live publish. Null before the publish is answered and after its end. */
  get input(): LiveInput | null {
    return this.#hasEnded() ? null : this.#input;
  }

  get isLive(): boolean {
    return this.input !== null;
  }

  /** Whether the publish is live, or was until its end. */
  get wasLive(): boolean {
    return this.#input !== null;
  }

  /** Ends the publish from the server's side. Reports it as refused if viewers have nothing to play. */
  end(code: RefusalCode, description: string): void {
    if (this.#hasEnded()) return;
    const isRefused = !(this.#input?.isPlayable() ?? false);
    this.#endByUs(code, description);
    if (isRefused) this.#reportRefused(code, description);
  }

  /** Ends the publish because a newer connection publishes the same stream. */
  replace(): void {
    this.#endByUs('NetStream.Publish.BadName', REPLACED_BY_NEWER);
  }

  /** Ends the publish because the peer has left. */
  leave(departure: Departure): void {
    if (this.#hasEnded()) return;
    this.#endedBy = 'peer';
    this.#departure = departure;
    this.#resolveEnded();
  }

  /** The stream that the key may publish to; null if the publish is refused or has ended meanwhile. */
  async #authorise(): Promise<AuthorisedStream | null> {
    const { authorise, streamKey, connection } = this.#options;
    let decision: IngestAuthResponse;
    try {
      decision = await authorise({ streamKey, sourceAddress: connection.remoteAddress });
    } catch (error) {
      this.#logError(error, 'authorisation failed');
      this.end('NetStream.Publish.Rejected', 'The stream key could not be checked; try again');
      return null;
    }
    this.#setStreamId(decision.allow ? decision.stream.streamId : decision.streamId);
    if (decision.allow) return this.#hasEnded() ? null : decision.stream;
    const description = this.#redact(decision.description);
    // Answers to wrong keys are delayed. The attempt counts even if the peer hangs up while it waits.
    if (this.#endedBy === 'peer') this.#reportRefused(decision.code, description);
    else this.end(decision.code, description);
    return null;
  }

  /** Ends the stream's former publisher and waits until its handler is closed. False if that one stays on air. */
  async #claim(stream: AuthorisedStream): Promise<boolean> {
    try {
      await this.#options.registry.claim(stream, this);
      return true;
    } catch (error) {
      if (!(error instanceof PublishRefusal)) throw error;
      this.end(error.code, error.message);
      return false;
    }
  }

  /** The handler of the publish; null if it is refused. */
  async #accept(stream: AuthorisedStream): Promise<PublisherHandler | null> {
    const { acceptPublisher, connection } = this.#options;
    const { id, remoteAddress, software } = connection;
    try {
      return await acceptPublisher({
        id,
        remoteAddress,
        software,
        stream,
        end: (code, description) => this.#endByUs(code, description),
        sendAway: () => connection.sendAway(),
        hasEnded: () => this.#hasEnded(),
      });
    } catch (error) {
      if (error instanceof PublishRefusal) {
        this.#endByUs(error.code, error.message);
      } else {
        this.#logError(error, 'stream not accepted');
        this.#endByUs('NetStream.Publish.Rejected', 'The server cannot take the stream now; try again');
      }
      return null;
    }
  }

  #goLive(stream: AuthorisedStream, handler: PublisherHandler): void {
    const { enhancedCodecs, limits, now, connection } = this.#options;
    this.#input = new LiveInput({
      handler,
      enhancedCodecs,
      limit: new InputLimit(stream.maxInputKbps, limits, now),
      onUnacceptable: (description) => this.end('NetStream.Publish.Rejected', description),
      now,
      log: this.#log,
    });
    this.#log.info('publish accepted');
    connection.startPublish();
  }

  #close(handler: PublisherHandler): void {
    try {
      handler.onClose(this.#departure);
    } catch (error) {
      this.#log.error({ err: error }, 'publisher handler failed to close');
    }
  }

  #endByUs(code: RefusalCode, description: string): void {
    if (this.#hasEnded()) return;
    this.#endedBy = 'us';
    this.#resolveEnded();
    const line = { code, description };
    const { connection, connectionLog } = this.#options;
    if (this.wasLive) this.#log.info(line, 'publish ended');
    else connectionLog.explain((leftOut) => this.#log.info({ ...line, ...leftOut }, 'publish refused'));
    connection.refuse(code, description);
  }

  /** An internal error ends this publish only. */
  #fail(error: unknown): void {
    const text = error instanceof Error ? `${error.stack}` : String(error);
    this.#log.error({ error: this.#redact(text) }, 'publish failed');
    try {
      this.end('NetStream.Publish.Rejected', 'The server failed to take the stream; try again');
    } catch (endError) {
      this.#log.error({ error: this.#redact(String(endError)) }, 'publish not ended in order');
    }
  }

  #reportRefused(code: RefusalCode, description: string): void {
    const { onRefused, connection } = this.#options;
    onRefused({ streamId: this.#streamId ?? null, code, description, sourceAddress: connection.remoteAddress });
  }

  #setStreamId(streamId: string | undefined): void {
    if (streamId === undefined) return;
    this.#streamId = streamId;
    this.#log = this.#log.child({ streamId });
  }

  #logError(error: unknown, message: string): void {
    const line = { error: this.#redact(String(error)) };
    this.#options.connectionLog.explain((leftOut) => this.#log.error({ ...line, ...leftOut }, message));
  }

  /** A method, because TypeScript assumes that a field keeps its value across an `await`. */
  #hasEnded(): boolean {
    return this.#endedBy !== null;
  }

  /** Takes the stream key out of a text. Errors of clients and backends may quote it. */
  #redact(text: string): string {
    const { streamKey } = this.#options;
    return streamKey.length < SHORTEST_SECRET ? text : text.replaceAll(streamKey, '[stream key]');
  }
}
