import type { Logger } from 'pino';
import type { Authorise, AuthorisedStream, RefusalCode } from '#domain/ingest-auth.ts';
import { InputLimit } from '#encoder/guard/input-limit.ts';
import type { RtmpLimits } from '#encoder/guard/rtmp-limits.ts';
import type { Unlogged } from '#encoder/guard/stranger-log.ts';
import { type EnhancedFourCc, undecodableCodec } from '#encoder/media/enhanced-codecs.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { PublishRefusal } from './publish-refusal.ts';
import type { AcceptPublisher, Publisher, PublisherHandler, RefusedPublish } from './publisher.ts';
import type { PublisherRegistry } from './publisher-registry.ts';
import { redactKey } from './redact-key.ts';

export interface PublishSessionOptions {
  /** Id of the connection. */
  readonly id: string;
  readonly remoteAddress: string;
  /** A secret: neither logged nor sent back. Empty where the publish has none. */
  readonly streamKey: string;
  readonly authorise: Authorise;
  readonly acceptPublisher: AcceptPublisher;
  /** Told once, unless it was `acceptPublisher` or its handler that wanted the end: they know best what it means. */
  readonly onRefused: (refusal: RefusedPublish) => void;
  readonly registry: PublisherRegistry;
  /** What of Enhanced RTMP the encoder can decode. */
  readonly enhancedCodecs: ReadonlySet<EnhancedFourCc>;
  readonly limits: Pick<RtmpLimits, 'minInputLimitKbps' | 'inputBurstSeconds' | 'maxMessagesPerSecond'>;
  /** Wall now, milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
  /** Has a line written about a publish that is not live, unless there are too many of them. */
  readonly logStranger: (log: (unlogged: Unlogged) => void) => void;
  /** The publish is accepted: answer it. */
  readonly onLive: () => void;
  /** The session is over by our decision: tell the broadcaster and close the socket. */
  readonly onEnd: (code: RefusalCode, description: string) => void;
}

type State = 'deciding' | 'live' | 'closed';

/** One publish from the command to its end: authorised, claimed, accepted, live, closed. No tag passes before it is live. */
export class PublishSession {
  /** Resolves once the handler was closed, or it is certain that there will be none. */
  readonly closed: Promise<void>;
  readonly #options: PublishSessionOptions;
  #log: Logger;
  #state: State = 'deciding';
  #streamId: string | undefined;
  #handler: PublisherHandler | null = null;
  #inputLimit: InputLimit | null = null;
  #isRefusalTold = false;
  #resolveEnded: () => void = () => undefined;

  /** Starts the decision. */
  constructor(options: PublishSessionOptions) {
    this.#options = options;
    this.#log = options.log;
    const ended = new Promise<void>((resolve) => {
      this.#resolveEnded = resolve;
    });
    const decided = this.#decide().catch((error: unknown) => this.#fail(error));
    this.closed = Promise.all([decided, ended]).then(() => undefined);
  }

  /** Known once the decision is there, where the key belongs to a stream. */
  get streamId(): string | undefined {
    return this.#streamId;
  }

  /** Passes a tag on; dropped while the session is not live. */
  receive(tag: FlvTag): void {
    if (this.#state !== 'live') return;
    const codec = undecodableCodec(tag, this.#options.enhancedCodecs);
    if (codec !== null) {
      this.end('NetStream.Publish.Rejected', `This server cannot decode ${codec}; send H.264`);
      return;
    }
    try {
      this.#handler?.onTag(tag, this.#options.now());
    } catch (error) {
      this.#log.error({ err: error }, 'publisher handler failed');
      this.end('NetStream.Publish.Rejected', 'The server failed to process the stream; try again');
    }
  }

  /** Counts what the connection received; a live publisher who sends far more than is of use is cut off. */
  countBytes(bytes: number): void {
    if (this.#state !== 'live' || this.#inputLimit === null || this.#inputLimit.takeBytes(bytes)) return;
    const limit = `${this.#inputLimit.kbps / 1000} Mbit/s`;
    this.end(
      'NetStream.Publish.Rejected',
      `The bitrate is above ${limit} for too long; set a lower one in your encoder`,
    );
  }

  /** Counts a message, of whatever kind: however short they are, each costs work. */
  countMessage(): void {
    if (this.#state !== 'live' || this.#inputLimit === null || this.#inputLimit.takeMessage()) return;
    const limit = this.#inputLimit.messagesPerSecond;
    this.end(
      'NetStream.Publish.Rejected',
      `More than ${limit} messages a second came for too long; no picture and sound need as many`,
    );
  }

  /** Ends the session by our decision. Does nothing on a closed one. */
  end(code: RefusalCode, description: string): void {
    if (this.#state === 'closed') return;
    const isRefusal = !(this.#handler?.isPlayable() ?? false);
    this.#finish(code, description);
    if (isRefusal) this.#tellRefusal(code, description);
  }

  /** The peer has left. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (this.#streamId !== undefined) this.#options.registry.release(this.#streamId, this);
    this.#closeHandler();
    this.#resolveEnded();
  }

  /** A newer connection publishes the same stream. */
  replace(): void {
    this.#finish('NetStream.Publish.BadName', 'Replaced by a newer connection with the same stream key');
  }

  #tellRefusal(code: RefusalCode, description: string, streamId = this.#streamId): void {
    if (this.#isRefusalTold) return;
    this.#isRefusalTold = true;
    const { onRefused, remoteAddress: sourceAddress } = this.#options;
    onRefused({ streamId: streamId ?? null, code, description, sourceAddress });
  }

  #finish(code: RefusalCode, description: string): void {
    if (this.#state === 'closed') return;
    const line = { code, description };
    if (this.#state === 'live') this.#log.info(line, 'publish ended');
    else this.#options.logStranger((unlogged) => this.#log.info({ ...line, ...unlogged }, 'publish refused'));
    this.close();
    this.#options.onEnd(code, description);
  }

  /** A fault of ours ends the session, and not the process. */
  #fail(error: unknown): void {
    this.#log.error(
      { error: this.#redact(error instanceof Error ? `${error.stack}` : String(error)) },
      'publish failed',
    );
    try {
      this.end('NetStream.Publish.Rejected', 'The server failed to take the stream; try again');
    } catch (endError) {
      this.#log.error({ error: this.#redact(String(endError)) }, 'publish not ended in order');
    }
  }

  async #decide(): Promise<void> {
    const stream = await this.#authorise();
    if (stream === null || this.#isClosed()) return;
    this.#know(stream.streamId);
    await this.#options.registry.claim(stream.streamId, this);
    if (this.#isClosed()) return;
    await this.#accept(stream);
  }

  async #authorise(): Promise<AuthorisedStream | null> {
    const { authorise, streamKey, remoteAddress } = this.#options;
    try {
      const decision = await authorise({ streamKey, sourceAddress: remoteAddress });
      if (decision.allow) return decision.stream;
      const description = this.#redact(decision.description);
      this.#know(decision.streamId);
      // Answers may be held back; whoever hangs up before has tried a key all the same.
      if (this.#isClosed()) this.#tellRefusal(decision.code, description, decision.streamId);
      else this.end(decision.code, description);
    } catch (error) {
      this.#logError(error, 'authorisation failed');
      this.end('NetStream.Publish.Rejected', 'The stream key could not be checked; try again');
    }
    return null;
  }

  async #accept(stream: AuthorisedStream): Promise<void> {
    const { id, remoteAddress, acceptPublisher, limits, now, onLive } = this.#options;
    const end = (code: RefusalCode, description: string) => this.#finish(code, description);
    const publisher: Publisher = { id, remoteAddress, stream, end };
    try {
      this.#handler = await acceptPublisher(publisher);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    if (this.#isClosed()) {
      this.#closeHandler();
      return;
    }
    this.#state = 'live';
    this.#inputLimit = new InputLimit(stream.maxInputKbps, limits, now);
    this.#log.info('publish accepted');
    onLive();
  }

  /** Whoever accepts publishers has told of the refusal. */
  #refuse(error: unknown): void {
    if (error instanceof PublishRefusal) {
      this.#finish(error.code, error.message);
      return;
    }
    this.#logError(error, 'stream not accepted');
    this.#finish('NetStream.Publish.Rejected', 'The server cannot take the stream now; try again');
  }

  #know(streamId: string | undefined): void {
    if (streamId === undefined || this.#isClosed()) return;
    this.#streamId = streamId;
    this.#log = this.#log.child({ streamId });
  }

  #logError(error: unknown, message: string): void {
    const line = { error: this.#redact(String(error)) };
    this.#options.logStranger((unlogged) => this.#log.error({ ...line, ...unlogged }, message));
  }

  #closeHandler(): void {
    const handler = this.#handler;
    this.#handler = null;
    try {
      handler?.onClose();
    } catch (error) {
      this.#log.error({ err: error }, 'publisher handler failed to close');
    }
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #redact(text: string): string {
    return redactKey(text, this.#options.streamKey);
  }
}
