import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { RefusalCode } from '#domain/ingest-auth.ts';
import type { PooledConnection } from '#encoder/guard/connection-pool.ts';
import type { LogLimiter } from '#encoder/guard/log-limiter.ts';
import type { RtmpLimits } from '#encoder/guard/rtmp-limits.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { ConnectionLog } from './connection-log.ts';
import { type ConnectionPhase, RtmpViolation } from './guarded-rtmp.ts';
import { Publish, type PublishConnection, type PublishServices } from './publish.ts';
import { SERVER_REPLACED } from './publisher.ts';
import { RtmpParser } from './rtmp-parser.ts';

export interface RtmpConnectionOptions {
  /** What the connections of a server share. */
  readonly services: PublishServices;
  readonly limits: RtmpLimits;
  readonly logLimiter: LogLimiter;
  /** Called when the peer breaks the protocol or a limit. Returns how many peers of the server have. */
  readonly onViolation: () => number;
  readonly socket: Socket;
  readonly id: string;
  readonly remoteAddress: string;
  /** The network of the remote address (`toSourceNetwork`). */
  readonly network: string;
  /** Names the connection and its remote address on every line. */
  readonly log: Logger;
}

/** Why a connection closes. */
interface Closing {
  readonly reason: string;
  /** By our decision, not the peer's or the network's. */
  readonly byUs: boolean;
  /** The broadcaster has ended its publish, and closes the connection itself unless it takes too long. */
  readonly awaitsPeer?: true;
}

/** One TCP connection: its time limits, its byte counts, its end, and the parser and publish that it joins. */
export class RtmpConnection implements PooledConnection, PublishConnection {
  readonly #options: RtmpConnectionOptions;
  readonly #log: ConnectionLog;
  readonly #parser: RtmpParser;
  readonly #openedAtMs: number;
  #deadline: NodeJS.Timeout;
  #reconnectDeadline: NodeJS.Timeout | undefined;
  #awaitsHandshake = true;
  #receivedBytes = 0;
  #publish: Publish | null = null;
  /** Bytes behind the publish command, kept until it is answered. */
  #held: Buffer[] = [];
  #closing: Closing | null = null;
  /** Bytes that came after the end of the publish. */
  #lateBytes = 0;

  constructor(options: RtmpConnectionOptions) {
    const { socket, limits, services, network, logLimiter, log } = options;
    this.#options = options;
    const wasLive = () => this.#publish?.wasLive ?? false;
    this.#log = new ConnectionLog({ network, limiter: logLimiter, wasLive, log });
    this.#openedAtMs = services.now();
    this.#parser = new RtmpParser(
      { limits, enhancedCodecs: services.enhancedCodecs, phase: () => this.#phase },
      {
        onOutput: (bytes) => this.#send(bytes),
        onPublish: (streamName) => this.#beginPublish(streamName),
        onMessage: () => this.#publish?.input?.countMessage(),
        onUnpublish: () => this.#onUnpublish(),
        onTag: (tag) => this.#onTag(tag),
      },
    );
    this.#deadline = setTimeout(() => this.#close('handshake timed out'), limits.handshakeTimeoutMs);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#closing ??= { reason: `socket error ${error.code ?? error.name}`, byUs: false };
    });
    socket.on('close', () => this.#onClosed());
  }

  get id(): string {
    return this.#options.id;
  }

  get network(): string {
    return this.#options.network;
  }

  get remoteAddress(): string {
    return this.#options.remoteAddress;
  }

  get software(): string | null {
    return this.#parser.software;
  }

  get isLive(): boolean {
    return this.#phase === 'live';
  }

  /** Derived from the publish and the end of the connection, which are the only homes of these facts. */
  get #phase(): ConnectionPhase {
    if (this.#closing !== null) return 'closing';
    if (this.#publish === null) return 'stranger';
    return this.#publish.isLive ? 'live' : 'deciding';
  }

  /** Ends the connection and its publish. A broadcaster is told why. */
  end(code: RefusalCode, description: string): void {
    if (this.#publish === null || this.#closing !== null) this.#close(description);
    else this.#publish.end(code, description);
  }

  /**
   * Gets rid of the publish, if there is one. A live broadcaster whose software knows the request is asked once to connect again,
   * and has a while to do so. Every other one is told in an error status.
   */
  sendAway(): void {
    if (this.#publish === null || this.#reconnectDeadline !== undefined) return;
    const end = () => this.end('NetStream.Publish.Rejected', SERVER_REPLACED);
    if (this.isLive && this.#parser.canReconnect) {
      this.#reconnectDeadline = setTimeout(end, this.#options.limits.reconnectTimeoutMs);
      this.#parser.sendReconnectRequest(SERVER_REPLACED);
    } else {
      end();
    }
  }

  /** Sends the broadcaster away. Resolves when the publish is over. */
  async drain(): Promise<void> {
    this.sendAway();
    await this.#publish?.closed;
  }

  /** Ends the connection and cuts it. A broadcaster is told why, if that can be sent at once. */
  evict(): void {
    this.end('NetStream.Publish.Rejected', 'The server is crowded; connect again');
    this.#options.socket.destroy();
  }

  startPublish(): void {
    this.#awaitMedia();
    this.#parser.sendPublishStart();
    for (const bytes of this.#held.splice(0)) if (this.#closing === null) this.#parse(bytes);
    this.#options.socket.resume();
  }

  refuse(code: RefusalCode, description: string): void {
    try {
      this.#parser.sendError(code, description);
    } finally {
      this.#close(description);
    }
  }

  #receive(bytes: Buffer): void {
    this.#receivedBytes += bytes.length;
    const { maxBytesBeforeAuthorised } = this.#options.limits;
    if (this.#closing !== null) {
      // Reading goes on, so that closing does not reset what we sent last.
      this.#lateBytes += bytes.length;
      if (this.#lateBytes > maxBytesBeforeAuthorised) this.#close('too many bytes after the publish');
      return;
    }
    this.#parse(bytes);
    this.#restIfFull();
    if (this.#awaitsHandshake) this.#checkHandshake();
    if (this.#receivedBytes <= maxBytesBeforeAuthorised) return;
    if (this.#phase === 'stranger') this.#onViolation('too many bytes before a publish');
    // Some broadcasters send without waiting for the answer. The rest stays with them until there is one.
    else if (this.#phase === 'deciding') this.#options.socket.pause();
  }

  /** Leaves what comes next with the peer for as long as the input limit says. Then the wait for media begins anew. */
  #restIfFull(): void {
    const waitMs = this.#publish?.input?.waitMs ?? 0;
    if (waitMs === 0) return;
    const { socket } = this.#options;
    socket.pause();
    this.#setDeadline(waitMs, () => {
      this.#awaitMedia();
      socket.resume();
      this.#restIfFull();
    });
  }

  #awaitMedia(): void {
    this.#setDeadline(this.#options.limits.idleTimeoutMs, () =>
      this.end('NetStream.Publish.Rejected', 'No media received; connect again'),
    );
  }

  #checkHandshake(): void {
    this.#awaitsHandshake = !this.#parser.handshakeDone;
    if (this.#awaitsHandshake || this.#phase !== 'stranger') return;
    this.#setDeadline(this.#options.limits.publishTimeoutMs, () => this.#close('no publish in time'));
  }

  #parse(bytes: Buffer): void {
    const { socket } = this.#options;
    let rest: Buffer;
    // Answers to what came together leave together: each write is a system call and a packet.
    socket.cork();
    try {
      rest = this.#parser.receive(bytes);
    } catch (error) {
      // The rest of a read whose publish has ended is nobody's fault.
      if (this.#closing !== null) return;
      // Other errors come from the decoder and may quote the peer's bytes.
      this.#onViolation(error instanceof RtmpViolation ? error.message : 'malformed RTMP');
      return;
    } finally {
      socket.uncork();
      this.#checkUnsent();
    }
    if (rest.length > 0 && this.#closing === null) this.#held.push(rest);
    this.#publish?.input?.countBytes(bytes.length - rest.length);
  }

  #onTag(tag: FlvTag): void {
    const input = this.#publish?.input;
    if (input === null || input === undefined) return;
    this.#deadline.refresh();
    input.receive(tag);
  }

  /**
   * Ends the publish, but not the connection: some software (GStreamer's rtmp2sink) reports an error if the server closes first. Who
   * was asked to connect again does not stop: it comes back.
   */
  #onUnpublish(): void {
    const departure = this.#reconnectDeadline === undefined ? 'stopped' : 'lost';
    const reason = 'unpublished by the broadcaster';
    this.#closing = { reason, byUs: true, awaitsPeer: true };
    this.#publish?.leave(departure);
    this.#setDeadline(this.#options.limits.unpublishGraceMs, () => this.#close(reason));
  }

  #onViolation(reason: string): void {
    const { onViolation, log } = this.#options;
    const line = { streamId: this.#publish?.streamId, reason, violations: onViolation() };
    this.#log.explain((leftOut) => log.warn({ ...line, ...leftOut }, 'protocol violated'));
    this.#close(reason);
  }

  #beginPublish(streamKey: string): void {
    const { services, limits, log } = this.#options;
    this.#setDeadline(limits.decisionTimeoutMs, () =>
      this.end('NetStream.Publish.Rejected', 'The server did not decide in time; try again'),
    );
    this.#publish = new Publish({ ...services, connection: this, streamKey, log, connectionLog: this.#log });
  }

  #send(bytes: Buffer): void {
    const { socket } = this.#options;
    if (!socket.writable) return;
    socket.write(bytes);
    this.#checkUnsent();
  }

  /** Cuts the socket if too much waits for the peer to read it. Corked bytes have not been offered to the peer yet. */
  #checkUnsent(): void {
    const { socket, limits } = this.#options;
    if (socket.destroyed || socket.writableCorked > 0 || socket.writableLength <= limits.maxUnsentBytes) return;
    this.#closing ??= { reason: 'the peer does not read', byUs: true };
    socket.destroy();
  }

  /** Flushes what was sent, closes our side, and cuts the socket if the peer keeps its own side open. */
  #close(reason: string): void {
    const { socket, limits } = this.#options;
    if (this.#closing !== null && this.#closing.awaitsPeer !== true) return;
    this.#closing = { reason: this.#closing?.reason ?? reason, byUs: true };
    this.#held = [];
    this.#publish?.leave('lost');
    this.#setDeadline(limits.closeGraceMs, () => socket.destroy());
    socket.end();
    socket.resume();
  }

  #onClosed(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#reconnectDeadline);
    this.#closing ??= { reason: 'closed by the peer', byUs: false };
    this.#publish?.leave('lost');
    const { reason, byUs } = this.#closing;
    const durationMs = this.#options.services.now() - this.#openedAtMs;
    const end = { streamId: this.#publish?.streamId, reason, receivedBytes: this.#receivedBytes, durationMs };
    this.#log.close(end, this.#publish === null && !byUs);
  }

  #setDeadline(delayMs: number, onExpiry: () => void): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(onExpiry, delayMs);
  }
}
