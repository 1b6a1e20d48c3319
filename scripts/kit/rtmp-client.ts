import { EventEmitter, once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { PORTS, RTMP_APPLICATION } from '#domain/ports.ts';
import { type AmfValue, decodeAmf0, encodeAmf0 } from './amf0.ts';
import { rememberKeys } from './secrets.ts';

/** RTMP message types (RTMP 1.0, sections 5.4 and 7.1). */
export const SET_CHUNK_SIZE = 1;
export const COMMAND = 20;

/** Size of C1, C2, S1 and S2 (RTMP 1.0, 5.2). */
export const HANDSHAKE_BYTES = 1536;
const MESSAGE_HEADER_BYTES = 12;
/** Chunk size until a peer sets another (RTMP 1.0, 5.4.1). */
export const DEFAULT_CHUNK_BYTES = 128;

export interface RtmpMessage {
  readonly type: number;
  readonly messageStreamId: number;
  readonly payload: Buffer;
  readonly timestampMs?: number;
  /** 2 to 63. @default 3 */
  readonly chunkStreamId?: number;
  /** Length in the header. @default the payload's length */
  readonly declaredBytes?: number;
}

/** A command from the server: its name, then its arguments. */
export type RtmpAnswer = readonly AmfValue[];

/** A raw RTMP client that can also send what no proper client would. */
export class RtmpClient {
  readonly socket: Socket;
  /** Resolves when the socket is closed, by either side. */
  readonly closed: Promise<void>;
  /** Types of all received messages, oldest first. */
  readonly receivedTypes: number[] = [];
  /** Received commands that `answer` has not returned yet. */
  readonly answers: RtmpAnswer[] = [];
  readonly #messageStreamIds = new WeakMap<RtmpAnswer, number>();
  readonly #events = new EventEmitter();
  #buffered = Buffer.alloc(0);
  #isOpen = true;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isOpen = false;
        this.#events.emit('change');
        resolve();
      });
    });
    socket.on('error', () => undefined); // some servers close with a reset
  }

  /**
   * Opens the TCP connection from any address of 127.0.0.0/8. `allowHalfOpen` keeps it open after the server closed it.
   */
  static async open(port: number, localAddress = '127.0.0.1', allowHalfOpen = false): Promise<RtmpClient> {
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true, allowHalfOpen });
    await once(socket, 'connect');
    return new RtmpClient(socket);
  }

  /**
   * Connects to the server of an rtmp: or rtmps: URL. Rejects if the server is not there, or if its certificate is not valid.
   */
  static async connect(rtmpUrl: string, signal: AbortSignal): Promise<RtmpClient> {
    const { protocol, hostname: host, port } = new URL(rtmpUrl);
    const isTls = protocol === 'rtmps:';
    const socket = isTls
      ? connectTls({ host, port: Number(port || PORTS.rtmps), ...(isIP(host) === 0 && { servername: host }) })
      : connect({ host, port: Number(port || PORTS.rtmp), noDelay: true });
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
    return new RtmpClient(socket);
  }

  /** Performs the simple handshake (RTMP 1.0, 5.2), and starts to read messages. */
  async handshake(): Promise<void> {
    this.socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(HANDSHAKE_BYTES)]));
    const answerBytes = 1 + 2 * HANDSHAKE_BYTES;
    while (this.#buffered.length < answerBytes) {
      const [chunk] = (await once(this.socket, 'data')) as [Buffer];
      this.#buffered = Buffer.concat([this.#buffered, chunk]);
    }
    this.#buffered = this.#buffered.subarray(answerBytes);
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.socket.write(Buffer.alloc(HANDSHAKE_BYTES));
  }

  /**
   * Performs the handshake, `connect` and `createStream`. After that, message stream 1 can publish. `details` are further fields
   * of the command object of `connect`.
   */
  async prepare(app: string = RTMP_APPLICATION, details: Readonly<Record<string, AmfValue>> = {}): Promise<void> {
    await this.handshake();
    this.sendCommand(0, 'connect', 1, { app, tcUrl: `rtmp://127.0.0.1/${app}`, type: 'nonprivate', ...details });
    await this.answer('_result');
    this.sendCommand(0, 'createStream', 2, null);
    await this.answer('_result');
  }

  /** Prepares and publishes. Resolves to the status. */
  async publish(streamName: string, details: Readonly<Record<string, AmfValue>> = {}): Promise<RtmpAnswer> {
    await this.prepare(RTMP_APPLICATION, details);
    this.sendCommand(1, 'publish', 3, null, streamName, 'live');
    return this.answer('onStatus');
  }

  sendCommand(messageStreamId: number, ...values: readonly AmfValue[]): void {
    rememberKeys(...values);
    this.send({ type: COMMAND, messageStreamId, payload: encodeAmf0(...values) });
  }

  /** Sends a message in chunks of 128 bytes. */
  send(message: RtmpMessage): void {
    const { type, messageStreamId, payload, timestampMs = 0, chunkStreamId = 3 } = message;
    const header = Buffer.alloc(MESSAGE_HEADER_BYTES);
    header.writeUInt8(chunkStreamId, 0);
    header.writeUIntBE(timestampMs, 1, 3);
    header.writeUIntBE(message.declaredBytes ?? payload.length, 4, 3);
    header.writeUInt8(type, 7);
    header.writeUInt32LE(messageStreamId, 8);
    const chunks: Buffer[] = [header];
    for (let offset = 0; offset < payload.length; offset += DEFAULT_CHUNK_BYTES) {
      if (offset > 0) chunks.push(Buffer.from([0xc0 | chunkStreamId]));
      chunks.push(payload.subarray(offset, offset + DEFAULT_CHUNK_BYTES));
    }
    this.socket.write(Buffer.concat(chunks));
  }

  /** Waits for the next command with the given name. Rejects if the connection closes before. */
  async answer(name: string): Promise<RtmpAnswer> {
    for (;;) {
      const index = this.answers.findIndex((answer) => answer[0] === name);
      const [answer] = index < 0 ? [] : this.answers.splice(index, 1);
      if (answer !== undefined) return answer;
      if (!this.#isOpen) throw new Error(`closed before ${name}`);
      await once(this.#events, 'change');
    }
  }

  /** The message stream that a command came on. */
  messageStreamIdOf(answer: RtmpAnswer): number | undefined {
    return this.#messageStreamIds.get(answer);
  }

  /** Resolves once a message of the given type was received. */
  async received(type: number): Promise<void> {
    while (!this.receivedTypes.includes(type)) await once(this.#events, 'change');
  }

  /** Resolves once the server has handled everything sent so far, that is, answers another `createStream`. */
  async roundTrip(): Promise<void> {
    this.sendCommand(0, 'createStream', 9, null);
    await this.answer('_result');
  }

  /** Ends the connection at once, as if the client's machine crashed. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Reads messages. The server's chunks are longer than its messages, and each message has a full header. */
  #read(chunk: Buffer): void {
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    for (;;) {
      if (this.#buffered.length < MESSAGE_HEADER_BYTES) break;
      const end = MESSAGE_HEADER_BYTES + this.#buffered.readUIntBE(4, 3);
      if (this.#buffered.length < end) break;
      const type = this.#buffered.readUInt8(7);
      if (type === COMMAND) {
        const answer = decodeAmf0(this.#buffered.subarray(MESSAGE_HEADER_BYTES, end));
        this.#messageStreamIds.set(answer, this.#buffered.readUInt32LE(8));
        this.answers.push(answer);
      }
      this.receivedTypes.push(type);
      this.#buffered = this.#buffered.subarray(end);
    }
    this.#events.emit('change');
  }
}
