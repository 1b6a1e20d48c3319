import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { RefusalCode } from '#domain/ingest-auth.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import {
  type AcceptPublisher,
  type Departure,
  type PublisherHandler,
  PublishRefusal,
  SERVER_REPLACED,
} from '#encoder/rtmp/publisher.ts';
import type { Takeovers } from '#encoder/rtmp/takeovers.ts';
import { Pulse } from './pulse.ts';
import { RelayFrameReader } from './relay-frames.ts';
import {
  BEAT_MS,
  CLOSE_GRACE_MS,
  encodeRelayMessage,
  type RelayHead,
  type RelayMessage,
  RelayViolation,
  SILENT_BEATS,
  toRelayedEnd,
} from './relay-messages.ts';

const HEAD_TIMEOUT_MS = 5_000;

export interface ReceivedPublishOptions {
  /** This task. */
  readonly taskId: string;
  readonly acceptPublisher: AcceptPublisher;
  readonly takeovers: Takeovers;
  readonly log: Logger;
  /** From the request's headers to its head. @default 5 s */
  readonly headTimeoutMs?: number;
  /** @default 1 s. The other side is lost after five beats. */
  readonly beatMs?: number;
}

/** The receiving end of a relay: a publish, from the request to its end. */
export class ReceivedPublish {
  readonly closed: Promise<void>;
  readonly #options: ReceivedPublishOptions;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #log: Logger;
  #pulse: Pulse | null = null;
  #handler: PublisherHandler | null = null;
  #isPlayable = false;
  #departure: Departure = 'lost';
  /** Why the publish is over. */
  #endReason: string | null = null;
  #resolveHead: (head: RelayHead | null) => void = () => undefined;
  readonly #head = new Promise<RelayHead | null>((resolve) => {
    this.#resolveHead = resolve;
  });
  #resolveConfirmed: () => void = () => undefined;
  readonly #confirmed = new Promise<void>((resolve) => {
    this.#resolveConfirmed = resolve;
  });
  #resolveEnded: () => void = () => undefined;
  readonly #ended = new Promise<void>((resolve) => {
    this.#resolveEnded = resolve;
  });

  constructor(options: ReceivedPublishOptions, request: IncomingMessage, response: ServerResponse) {
    this.#options = options;
    this.#request = request;
    this.#response = response;
    this.#log = options.log;
    const frames = new RelayFrameReader({
      onHead: (head) => this.#resolveHead(head),
      onTag: (tag, receivedAtMs) => this.#onTag(tag, receivedAtMs),
      onContested: (refusedAddress) => this.#handler?.onContested(refusedAddress),
      onStopped: () => {
        this.#departure = 'stopped';
      },
    });
    request.on('data', (bytes: Buffer) => this.#onData(frames, bytes));
    request.once('end', () => this.#over('the publisher left'));
    request.on('error', () => this.#over('the connection broke'));
    response.on('error', () => this.#over('the connection broke'));
    response.once('close', () => this.#over('the connection broke'));
    this.closed = this.#run().catch((error: unknown) => this.#log.error({ err: error }, 'relayed publish failed'));
  }

  /** The whole publish: its head comes, it is answered, confirmed, accepted, live, and ended. */
  async #run(): Promise<void> {
    try {
      const head = await this.#awaitHead();
      if (head === null || !this.#isMeant(head)) return;
      this.#answer(head);
      if (!(await this.#isConfirmed())) return;
      const handler = await this.#accept(head);
      if (handler === null) return;
      try {
        if (!this.#isOver()) this.#goLive(head, handler);
        await this.#ended;
      } finally {
        this.#close(handler);
      }
    } finally {
      this.#hangUp();
    }
  }

  /** Null if there is none in time, or the request broke the protocol. */
  async #awaitHead(): Promise<RelayHead | null> {
    const { headTimeoutMs = HEAD_TIMEOUT_MS } = this.#options;
    const timer = setTimeout(() => this.#over('no head in time'), headTimeoutMs);
    const head = await this.#head;
    clearTimeout(timer);
    if (!this.#isOver()) return head;
    this.#refuse(400);
    return null;
  }

  /** A task that is gone may have left its address to this one, while the others still have its record. */
  #isMeant({ toTaskId }: RelayHead): boolean {
    if (toTaskId === this.#options.taskId) return true;
    this.#over('another task is meant');
    // Misdirected Request (RFC 9110 15.5.20).
    this.#refuse(421);
    return false;
  }

  /** Before the publish itself is answered. */
  #refuse(status: number): void {
    this.#response.writeHead(status);
    this.#response.flushHeaders();
  }

  /** Answers at once: the other task waits longer for an acceptance than for a task that may be gone. */
  #answer({ publisherId, stream }: RelayHead): void {
    this.#log = this.#log.child({ streamId: stream.streamId, connectionId: publisherId });
    this.#response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    this.#response.flushHeaders();
    this.#pulse = new Pulse({
      beatMs: this.#options.beatMs ?? BEAT_MS,
      silentBeats: SILENT_BEATS,
      onBeat: () => this.#send({ alive: true }),
      onSilence: () => this.#cut('silence'),
    });
  }

  /**
   * Whether the other task still wants this after the answer. If this process was suspended, the request may be old, and the publish
   * may be at another task by now: to accept it would take the stream away from there.
   */
  async #isConfirmed(): Promise<boolean> {
    await this.#confirmed;
    return !this.#isOver();
  }

  /** The handler of the publish; null if it is refused. */
  async #accept(head: RelayHead): Promise<PublisherHandler | null> {
    const { publisherId: id, remoteAddress, software, stream, takeovers } = head;
    this.#options.takeovers.learn(stream.streamId, takeovers);
    const end = (code: RefusalCode, description: string) => this.#end(code, description);
    const sendAway = () => this.#sendAway();
    const hasEnded = () => this.#isOver();
    try {
      return await this.#options.acceptPublisher({ id, remoteAddress, software, stream, end, sendAway, hasEnded });
    } catch (error) {
      if (error instanceof PublishRefusal) {
        this.#end(error.code, error.message);
      } else {
        this.#log.error({ err: error }, 'relayed stream not accepted');
        this.#end('NetStream.Publish.Rejected', 'The server cannot take the stream now; try again');
      }
      return null;
    }
  }

  #goLive({ stream }: RelayHead, handler: PublisherHandler): void {
    this.#handler = handler;
    this.#log.info('relayed publish accepted');
    this.#send({ accepted: true, takeovers: this.#options.takeovers.of(stream.streamId) });
    this.#tellIfPlayable(handler);
  }

  #onData(frames: RelayFrameReader, bytes: Buffer): void {
    if (this.#isOver()) return;
    if (this.#pulse !== null) {
      this.#pulse.heard();
      this.#resolveConfirmed();
    }
    try {
      frames.read(bytes);
    } catch (error) {
      // Everything else is thrown by nothing here, so it would be a fault of this program.
      if (!(error instanceof RelayViolation)) this.#log.error({ err: error }, 'relay not read');
      this.#violate(error instanceof RelayViolation ? error.message : 'unreadable');
    }
  }

  #onTag(tag: FlvTag, receivedAtMs: number): void {
    if (this.#isOver()) return;
    const handler = this.#handler;
    if (handler === null) throw new RelayViolation('a tag before the acceptance');
    try {
      handler.onTag(tag, receivedAtMs);
      this.#tellIfPlayable(handler);
    } catch (error) {
      this.#log.error({ err: error }, 'publisher handler failed');
      this.#end('NetStream.Publish.Rejected', 'The server failed to process the stream; try again');
    }
  }

  #tellIfPlayable(handler: PublisherHandler): void {
    if (this.#isPlayable || !handler.isPlayable()) return;
    this.#isPlayable = true;
    this.#send({ playable: true });
  }

  /** Lets the other task do with its connection as in its own drain. A publish that is not accepted yet may go to a third task. */
  #sendAway(): void {
    if (this.#handler === null) this.#end('NetStream.Publish.Rejected', SERVER_REPLACED);
    else if (!this.#isOver()) this.#send({ sendAway: true });
  }

  /** Ends the publish from this side. */
  #end(code: RefusalCode, description: string): void {
    if (this.#isOver()) return;
    const end = toRelayedEnd(code, description);
    this.#send(this.#handler === null ? { refused: end } : { end });
    this.#over(description);
  }

  #violate(reason: string): void {
    this.#log.warn({ reason }, 'relay protocol violated');
    // Without a head, there is still an answer to send.
    if (this.#pulse === null) this.#over(reason);
    else this.#cut(reason);
  }

  #cut(reason: string): void {
    this.#over(reason);
    this.#request.destroy();
  }

  #over(reason: string): void {
    if (this.#isOver()) return;
    this.#endReason = reason;
    this.#resolveHead(null);
    this.#resolveConfirmed();
    this.#resolveEnded();
  }

  #close(handler: PublisherHandler): void {
    this.#log.info({ reason: this.#endReason }, 'relayed publish ended');
    try {
      handler.onClose(this.#departure);
    } catch (error) {
      this.#log.error({ err: error }, 'publisher handler failed to close');
    }
  }

  /**
   * Ends the response when the request has ended, so that what was said last arrives: data that comes in after this side has
   * closed would reset the connection. Does not wait for ever.
   */
  #hangUp(): void {
    this.#pulse?.stop();
    if (this.#response.closed) return;
    const cut = setTimeout(() => this.#request.destroy(), CLOSE_GRACE_MS);
    this.#response.once('close', () => clearTimeout(cut));
    if (this.#request.complete) this.#response.end();
    else this.#request.once('end', () => this.#response.end());
  }

  #send(message: RelayMessage): void {
    if (this.#response.writable) this.#response.write(encodeRelayMessage(message));
  }

  /** A method, because TypeScript assumes that a field keeps its value across an `await`. */
  #isOver(): boolean {
    return this.#endReason !== null;
  }
}
