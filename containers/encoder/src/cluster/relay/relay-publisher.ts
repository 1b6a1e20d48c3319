import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import type { Logger } from 'pino';
import type { RefusalCode } from '#domain/ingest-auth.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import {
  type Departure,
  type Publisher,
  type PublisherHandler,
  PublishRefusal,
  type RefusedPublish,
} from '#encoder/rtmp/publisher.ts';
import type { Takeovers } from '#encoder/rtmp/takeovers.ts';
import { Pulse } from './pulse.ts';
import { RelayBacklog } from './relay-backlog.ts';
import { BEAT_FRAME, encodeContested, encodeRelayHead, encodeTagHeader, STOPPED_FRAME } from './relay-frames.ts';
import {
  BEAT_MS,
  CLOSE_GRACE_MS,
  RELAY_PATH,
  type RelayMessage,
  RelayMessageReader,
  SILENT_BEATS,
} from './relay-messages.ts';

const CONNECT_TIMEOUT_MS = 1_000;
/** A store that is asked for epochs may take a few seconds. The RTMP server's limit on a decision is longer. */
const ACCEPT_TIMEOUT_MS = 5_000;
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
/** From here on, the publisher's next tags stay with it until the other task has read some. */
const CROWDED_BYTES = 1024 * 1024;
/** How long a tag may wait to be sent, in beats. */
const MAX_UNSENT_BEATS = 5;

const SERVER_LOST = 'The server was lost; connect again';
const SERVER_SLOW = 'The server does not keep up; connect again';

export interface RelayPublisherOptions {
  /** `host:port` of the task's internal server. */
  readonly address: string;
  /** The task that is meant. Another one at the address does not take the publish. */
  readonly taskId: string;
  /** A secret: the value of the request's `authorization` header. */
  readonly authorization: string;
  readonly publisher: Publisher;
  readonly takeovers: Takeovers;
  /**
   * Called if the relay itself ends the publish before viewers have anything to play. The owner reports what it refuses or
   * ends.
   */
  readonly onRefused: (refusal: RefusedPublish) => void;
  readonly log: Logger;
  /** Until the task answers at all. @default 1 s */
  readonly connectTimeoutMs?: number;
  /** From the answer to the acceptance or refusal. @default 5 s */
  readonly acceptTimeoutMs?: number;
  /** @default 1 s. The other side is lost after five beats, and a tag may wait for as many. */
  readonly beatMs?: number;
  /** @default 16 MiB */
  readonly maxUnsentBytes?: number;
}

/**
 * Hands an authorised publisher to another task. Resolves when that task has accepted it, to a handler that sends it the tags.
 * Rejects with the task's PublishRefusal, or with another error if the task cannot be reached or does not answer in time.
 */
export function relayPublisher(options: RelayPublisherOptions): Promise<PublisherHandler> {
  return new Promise((resolve, reject) => {
    new RelayedPublisher(options, resolve, reject);
  });
}

/** The publishing end of a relay: one long request, whose body is the publish and whose response is what the owner says. */
class RelayedPublisher implements PublisherHandler {
  readonly #options: RelayPublisherOptions;
  readonly #onAccepted: (handler: PublisherHandler) => void;
  readonly #onRejected: (error: Error) => void;
  readonly #request: ClientRequest;
  readonly #messages = new RelayMessageReader();
  readonly #backlog: RelayBacklog;
  #deadline: NodeJS.Timeout;
  #pulse: Pulse | null = null;
  #phase: 'asking' | 'live' | 'over' = 'asking';
  #isPlayable = false;

  constructor(
    options: RelayPublisherOptions,
    onAccepted: (handler: PublisherHandler) => void,
    onRejected: (error: Error) => void,
  ) {
    const { address, authorization, publisher, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
    this.#options = options;
    this.#onAccepted = onAccepted;
    this.#onRejected = onRejected;
    this.#backlog = new RelayBacklog({
      maxBytes: options.maxUnsentBytes ?? MAX_UNSENT_BYTES,
      maxBeats: MAX_UNSENT_BEATS,
    });
    this.#request = startRequest(new URL(`http://${address}${RELAY_PATH}`), {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/octet-stream' },
      agent: false, // The connection serves this publish alone.
    });
    this.#request.setNoDelay(true);
    this.#request.once('response', (response) => this.#onResponse(response));
    this.#request.on('error', (error) => this.#lose(error));
    this.#request.once('close', () => this.#lose(new Error('the connection closed')));
    const { id: publisherId, remoteAddress, software, stream } = publisher;
    const { taskId: toTaskId } = options;
    const takeovers = options.takeovers.of(stream.streamId);
    this.#request.write(encodeRelayHead({ toTaskId, publisherId, remoteAddress, software, stream, takeovers }));
    this.#deadline = this.#limit(connectTimeoutMs, 'no answer in time');
  }

  onTag(tag: FlvTag, receivedAtMs: number): void {
    if (this.#phase !== 'live') return;
    const request = this.#request;
    const onSent = this.#backlog.onWritten();
    // One packet, and no copy of the payload.
    request.cork();
    const isEmpty = tag.payload.length === 0;
    request.write(encodeTagHeader(tag, receivedAtMs), isEmpty ? onSent : undefined);
    if (!isEmpty) request.write(tag.payload, onSent);
    request.uncork();
    if (this.#backlog.isFull(request.writableLength)) this.#fail(SERVER_SLOW, 'too many bytes wait');
  }

  isPlayable(): boolean {
    return this.#isPlayable;
  }

  isCrowded(): boolean {
    return this.#phase === 'live' && this.#request.writableLength > CROWDED_BYTES;
  }

  onContested(refusedAddress: string): void {
    if (this.#phase === 'live') this.#request.write(encodeContested(refusedAddress));
  }

  onClose(departure: Departure): void {
    if (departure === 'stopped' && this.#phase === 'live') this.#request.write(STOPPED_FRAME);
    this.#hangUp();
  }

  #onResponse(response: IncomingMessage): void {
    response.on('error', (error) => this.#lose(error));
    response.once('end', () => this.#lose(new Error('the response ended')));
    response.once('close', () => this.#lose(new Error('the response was cut')));
    if (response.statusCode !== 200) {
      this.#lose(new Error(`status ${response.statusCode}`));
      return;
    }
    const { acceptTimeoutMs = ACCEPT_TIMEOUT_MS, beatMs = BEAT_MS } = this.#options;
    clearTimeout(this.#deadline);
    this.#deadline = this.#limit(acceptTimeoutMs, 'no decision in time');
    this.#pulse = new Pulse({
      beatMs,
      silentBeats: SILENT_BEATS,
      onBeat: () => this.#beat(),
      onSilence: () => this.#lose(new Error('silence')),
    });
    response.on('data', (bytes: Buffer) => this.#onData(bytes));
    // It accepts nothing before this: had it not answered in time, the publish would be elsewhere now.
    this.#request.write(BEAT_FRAME);
  }

  #onData(bytes: Buffer): void {
    this.#pulse?.heard();
    try {
      for (const message of this.#messages.read(bytes)) this.#onMessage(message);
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error('unreadable'));
    }
  }

  #onMessage(message: RelayMessage): void {
    if (this.#phase === 'over' || 'alive' in message) return;
    if ('accepted' in message && this.#phase === 'asking') {
      clearTimeout(this.#deadline);
      this.#phase = 'live';
      const { takeovers, publisher } = this.#options;
      takeovers.learn(publisher.stream.streamId, message.takeovers);
      this.#onAccepted(this);
    } else if ('refused' in message && this.#phase === 'asking') {
      this.#hangUp();
      this.#onRejected(new PublishRefusal(message.refused.code, message.refused.description));
    } else if ('playable' in message && this.#phase === 'live') {
      this.#isPlayable = true;
    } else if ('sendAway' in message && this.#phase === 'live') {
      this.#options.publisher.sendAway();
    } else if ('end' in message && this.#phase === 'live') {
      this.#end(message.end.code, message.end.description);
    } else {
      this.#lose(new Error('an unexpected message'));
    }
  }

  #beat(): void {
    if (this.#backlog.isLate()) this.#fail(SERVER_SLOW, 'tags wait for too long');
    else if (this.#phase !== 'over') this.#request.write(BEAT_FRAME);
  }

  #limit(delayMs: number, reason: string): NodeJS.Timeout {
    return setTimeout(() => this.#lose(new Error(reason)), delayMs);
  }

  /** The owner does not answer, or no longer. */
  #lose(error: Error): void {
    if (this.#phase === 'live') {
      this.#fail(SERVER_LOST, error.message);
    } else if (this.#phase === 'asking') {
      this.#cut();
      this.#onRejected(new Error(`${this.#options.address} did not take the publish: ${error.message}`));
    }
  }

  /** Ends the publish because of the relay itself. */
  #fail(description: string, reason: string): void {
    if (this.#phase === 'over') return;
    const { publisher, address, onRefused, log } = this.#options;
    const { streamId } = publisher.stream;
    log.warn({ streamId, connectionId: publisher.id, address, reason }, 'relay failed');
    this.#cut();
    const code = 'NetStream.Publish.Rejected';
    if (!this.#isPlayable) onRefused({ streamId, code, description, sourceAddress: publisher.remoteAddress });
    publisher.end(code, description);
  }

  #end(code: RefusalCode, description: string): void {
    this.#hangUp();
    this.#options.publisher.end(code, description);
  }

  /** Ends the request after what was written, and cuts the connection if the owner does not end the response. */
  #hangUp(): void {
    if (this.#phase === 'over') return;
    this.#stop();
    this.#request.end();
    const cut = setTimeout(() => this.#request.destroy(), CLOSE_GRACE_MS);
    this.#request.once('close', () => clearTimeout(cut));
  }

  #cut(): void {
    this.#stop();
    this.#request.destroy();
  }

  #stop(): void {
    this.#phase = 'over';
    clearTimeout(this.#deadline);
    this.#pulse?.stop();
  }
}
