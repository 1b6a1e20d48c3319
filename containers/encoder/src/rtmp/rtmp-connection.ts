import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { RefusalCode } from '#domain/ingest-auth.ts';
import type { PooledConnection } from '#encoder/guard/connection-pool.ts';
import type { RtmpLimits } from '#encoder/guard/rtmp-limits.ts';
import type { StrangerLog } from '#encoder/guard/stranger-log.ts';
import { ConnectionJournal } from './connection-journal.ts';
import { PublishSession, type PublishSessionOptions } from './publish-session.ts';
import { RtmpParser } from './rtmp-parser.ts';
import { RtmpViolation } from './rtmp-violation.ts';

/** The application of every publishing address, `rtmp://HOST/live`. */
const APP = 'live';

/** What a connection shares with the others of its server, and its own name. */
export type RtmpConnectionOptions = Pick<
  PublishSessionOptions,
  'id' | 'remoteAddress' | 'authorise' | 'acceptPublisher' | 'onRefused' | 'registry' | 'enhancedCodecs' | 'now'
> & {
  readonly socket: Socket;
  /** What the remote address counts as (`toSourceNetwork`). */
  readonly network: string;
  readonly limits: RtmpLimits;
  readonly strangerLog: StrangerLog;
  /** The peer broke the protocol or a limit of it; returns how many peers of the server have. */
  readonly onViolation: () => number;
  /** Names the connection and its remote address on every line. */
  readonly log: Logger;
};

/** One TCP connection: time-outs, byte counts, closing, and the way between parser and publish session. */
export class RtmpConnection implements PooledConnection {
  readonly #options: RtmpConnectionOptions;
  readonly #journal: ConnectionJournal;
  readonly #parser: RtmpParser;
  readonly #openedAtMs: number;
  #session: PublishSession | null = null;
  #deadline: NodeJS.Timeout;
  #handshakeDone = false;
  #live = false;
  #receivedBytes = 0;
  /** Came behind the publish, and waits for its answer. */
  #held: Buffer[] = [];
  #closeReason: string | null = null;
  /** The end was our decision, and not the peer's or the network's. */
  #closedByUs = false;

  constructor(options: RtmpConnectionOptions) {
    const { socket, limits } = options;
    this.#options = options;
    this.#journal = new ConnectionJournal(options);
    this.#openedAtMs = options.now();
    this.#parser = new RtmpParser(
      { app: APP, limits, enhancedCodecs: options.enhancedCodecs },
      {
        onOutput: (bytes) => this.#send(bytes),
        onPublish: (streamName) => this.#publish(streamName),
        onMessage: () => this.#session?.countMessage(),
        onUnpublish: () => this.#close('unpublished by the broadcaster'),
        onTag: (tag) => {
          if (this.#live) this.#deadline.refresh();
          this.#session?.receive(tag);
        },
      },
    );
    this.#deadline = setTimeout(() => this.#close('handshake timed out'), limits.handshakeTimeoutMs);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#closeReason ??= `socket error ${error.code ?? error.name}`;
    });
    socket.on('close', () => this.#closed());
  }

  get network(): string {
    return this.#options.network;
  }

  get remoteAddress(): string {
    return this.#options.remoteAddress;
  }

  /** Publishes, authorised and accepted. */
  get isLive(): boolean {
    return this.#live && this.#closeReason === null;
  }

  /** Ends the connection and its publish; a broadcaster is told why. */
  end(code: RefusalCode, description: string): void {
    if (this.#session === null) this.#close(description);
    else this.#session.end(code, description);
  }

  /** Ends it without the time to say goodbye; a broadcaster is told why if that can be sent at once. */
  evict(): void {
    this.end('NetStream.Publish.Rejected', 'The server is crowded; connect again');
    this.#options.socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#receivedBytes += bytes.length;
    if (this.#closeReason !== null) return; // read on, so that closing does not reset what we sent last
    this.#parse(bytes);
    if (this.#isClosing()) return;
    const { maxBytesBeforeAuthorised, publishTimeoutMs } = this.#options.limits;
    if (!this.#live && this.#receivedBytes > maxBytesBeforeAuthorised) {
      // Some broadcasters send without waiting for the answer: what they send stays with them until there is one.
      if (this.#session === null) this.#violated('too many bytes before a publish');
      else this.#options.socket.pause();
    } else if (!this.#handshakeDone && this.#parser.handshakeDone) {
      this.#handshakeDone = true;
      if (this.#session === null) this.#setDeadline(publishTimeoutMs, () => this.#close('no publish in time'));
    }
  }

  /** Keeps what comes behind the publish until that is answered. */
  #parse(bytes: Buffer): void {
    const { socket } = this.#options;
    let rest: Buffer;
    // All answers to what came together leave together: each write is a system call and a packet.
    socket.cork();
    try {
      rest = this.#parser.receive(bytes);
    } catch (error) {
      // Other errors come from the decoder and may quote the peer's bytes.
      this.#violated(error instanceof RtmpViolation ? error.message : 'malformed RTMP');
      return;
    } finally {
      socket.uncork();
      this.#checkUnsent();
    }
    if (rest.length > 0 && this.#closeReason === null) this.#held.push(rest);
    this.#session?.countBytes(bytes.length - rest.length);
  }

  #violated(reason: string): void {
    const { onViolation, log } = this.#options;
    const violations = onViolation();
    const line = { streamId: this.#session?.streamId, reason, violations };
    this.#journal.explain((unlogged) => log.warn({ ...line, ...unlogged }, 'protocol violated'));
    this.#close(reason);
  }

  #publish(streamKey: string): void {
    const { limits } = this.#options;
    this.#setDeadline(limits.decisionTimeoutMs, () =>
      this.end('NetStream.Publish.Rejected', 'The server did not decide in time; try again'),
    );
    this.#session = new PublishSession({
      ...this.#options,
      streamKey,
      logStranger: (log) => this.#journal.explain(log),
      onLive: () => this.#goLive(),
      onEnd: (code, description) => {
        try {
          this.#parser.sendError(code, description);
        } finally {
          this.#close(description);
        }
      },
    });
  }

  #goLive(): void {
    const { idleTimeoutMs } = this.#options.limits;
    this.#live = true;
    this.#journal.isLive = true;
    this.#parser.authorise();
    this.#setDeadline(idleTimeoutMs, () => this.end('NetStream.Publish.Rejected', 'No media received; connect again'));
    this.#parser.sendPublishStart();
    for (const bytes of this.#held.splice(0)) if (this.#closeReason === null) this.#parse(bytes);
    this.#options.socket.resume();
  }

  #send(bytes: Buffer): void {
    const { socket } = this.#options;
    if (!socket.writable) return;
    socket.write(bytes);
    this.#checkUnsent();
  }

  /** Cuts the socket where too much waits for the peer to read it; what is corked has not been offered yet. */
  #checkUnsent(): void {
    const { socket, limits } = this.#options;
    if (socket.destroyed || socket.writableCorked > 0 || socket.writableLength <= limits.maxUnsentBytes) return;
    this.#closeReason ??= 'the peer does not read';
    this.#closedByUs = true;
    socket.destroy();
  }

  /** Flushes what was sent, closes our side, and cuts the socket if the peer keeps its own side open. */
  #close(reason: string): void {
    const { socket, limits } = this.#options;
    if (this.#closeReason !== null) return;
    this.#closeReason = reason;
    this.#closedByUs = true;
    this.#parser.stop();
    this.#held = [];
    this.#session?.close();
    this.#setDeadline(limits.closeGraceMs, () => socket.destroy());
    socket.end();
    socket.resume();
  }

  #closed(): void {
    clearTimeout(this.#deadline);
    this.#parser.stop();
    this.#session?.close();
    const end = {
      streamId: this.#session?.streamId,
      reason: this.#closeReason ?? 'closed by the peer',
      receivedBytes: this.#receivedBytes,
      durationMs: this.#options.now() - this.#openedAtMs,
    };
    this.#journal.close(end, this.#session === null && !this.#closedByUs);
  }

  #isClosing(): boolean {
    return this.#closeReason !== null;
  }

  #setDeadline(delayMs: number, onExpiry: () => void): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(onExpiry, delayMs);
  }
}
