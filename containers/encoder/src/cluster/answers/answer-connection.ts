import { connect, type Socket } from 'node:net';
import type { ForwardedBody } from '#encoder/origin/origin-response.ts';
import { CONNECT_LIMIT_MS, TaskUnreachableError } from '../task-client.ts';
import { AnswerBody } from './answer-body.ts';
import { parseAnswerHead } from './answer-head.ts';
import { ChunkedBody } from './chunked-body.ts';
import type { ReadBuffers } from './read-buffers.ts';

/** A request as it is sent. */
export interface SentRequest {
  readonly method: 'GET' | 'HEAD';
  /** All that is sent. */
  readonly text: string;
  /** How long the task may take until its answer begins. */
  readonly answerLimitMs: number;
  /** Aborts the request until its answer begins. It must not have aborted yet. */
  readonly signal: AbortSignal;
}

/** What a task answers. */
export interface TaskAnswer {
  readonly status: number;
  /** Names, in lower case, and values in turn. */
  readonly headers: readonly string[];
  readonly body: ForwardedBody;
}

export interface AnswerConnectionOptions {
  /** `host:port` of the task's internal server. */
  readonly address: string;
  readonly buffers: ReadBuffers;
  /** Called when an answer is complete, and another request may be sent. */
  readonly onIdle: (connection: AnswerConnection) => void;
  /** Called once at the end. */
  readonly onClosed: (connection: AnswerConnection) => void;
}

/** A request whose answer has not begun. */
interface PendingRequest {
  readonly method: 'GET' | 'HEAD';
  readonly resolve: (answer: TaskAnswer | 'closed') => void;
  readonly reject: (error: unknown) => void;
  /** Stops what would end the request. */
  readonly disarm: () => void;
}

/** A head has some 600 bytes. So most come with one read, and what else this takes is little to copy. */
const HEAD_READ_BYTES = 2 * 1024;
/** Longer than any of our heads. */
const MAX_HEAD_BYTES = 8 * 1024;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
/** Shorter than the 65 s after which the task closes a connection. A request waits for its answer for less. */
const SILENCE_LIMIT_MS = 60_000;

/**
 * A connection to another task, for viewers' requests, one at a time. Node.js's client takes three to four times the CPU, mostly for
 * streams, and for memory that it allocates for each read.
 */
export class AnswerConnection {
  readonly #options: AnswerConnectionOptions;
  readonly #socket: Socket;
  /** Takes what is not in the middle of a body. */
  readonly #headBuffer = Buffer.allocUnsafeSlow(HEAD_READ_BYTES);
  /** Takes the next bytes of a body. Null if the other one takes them. */
  #bodyBuffer: Buffer | null = null;
  #pending: PendingRequest | null = null;
  /** The beginning of a head. */
  #headStart: Buffer | null = null;
  /** The body that is coming in. */
  #body: AnswerBody | null = null;
  #bytesLeft = 0;
  /** Null if the body has a length. */
  #chunks: ChunkedBody | null = null;
  #keepsConnection = true;
  #isReused = false;
  #isPaused = false;
  #failure: NodeJS.ErrnoException | null = null;

  constructor(options: AnswerConnectionOptions) {
    this.#options = options;
    const { address } = options;
    const colonAt = address.lastIndexOf(':');
    this.#socket = connect({
      ...{ host: address.slice(0, colonAt), port: Number(address.slice(colonAt + 1)), noDelay: true },
      onread: { buffer: () => this.#nextBuffer(), callback: (count, buffer) => this.#onRead(count, buffer) },
    });
    const deadline = setTimeout(() => this.#socket.destroy(new Error('not connected in time')), CONNECT_LIMIT_MS);
    this.#socket.setTimeout(SILENCE_LIMIT_MS, () => this.destroy());
    this.#socket.once('connect', () => clearTimeout(deadline));
    this.#socket.once('end', () => this.destroy());
    this.#socket.once('error', (error) => {
      this.#failure = error;
    });
    this.#socket.once('close', () => {
      clearTimeout(deadline);
      this.#onClosed();
    });
  }

  /**
   * Sends a request. Resolves when its answer begins, or to 'closed' if the task had closed the connection after an earlier answer.
   * Rejects with a TaskUnreachableError, or with the signal's reason.
   */
  ask({ method, text, answerLimitMs, signal }: SentRequest): Promise<TaskAnswer | 'closed'> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(signal.reason);
        this.destroy();
      };
      const timer = setTimeout(() => this.#socket.destroy(new Error('no answer in time')), answerLimitMs);
      signal.addEventListener('abort', onAbort, { once: true });
      const disarm = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      this.#pending = { method, resolve, reject, disarm };
      this.#socket.write(text, 'latin1');
    });
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Called before each read. What little is left of a body is copied, and a body that waits for its client takes no memory. */
  #nextBuffer(): Buffer {
    this.#bodyBuffer = this.#bytesLeft > HEAD_READ_BYTES && !this.#isPaused ? this.#options.buffers.take() : null;
    return this.#bodyBuffer ?? this.#headBuffer;
  }

  /** Returns false to read nothing more for now. */
  #onRead(count: number, buffer: Uint8Array): boolean {
    const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, count);
    const { buffers } = this.#options;
    const bodyBuffer = this.#bodyBuffer;
    this.#bodyBuffer = null;
    if (bodyBuffer !== null) return this.#onBody(bytes, () => buffers.giveBack(bodyBuffer));
    return this.#body === null ? this.#onHead(bytes) : this.#onBody(Buffer.from(bytes));
  }

  #onHead(came: Buffer): boolean {
    const bytes = this.#headStart === null ? came : Buffer.concat([this.#headStart, came]);
    const endAt = bytes.indexOf(END_OF_HEAD);
    this.#headStart = endAt === -1 ? Buffer.from(bytes) : null;
    if (this.#pending === null || bytes.length - came.length > MAX_HEAD_BYTES) {
      return this.#breakOff(new Error('the task sends what nobody has asked for'));
    }
    if (endAt === -1) return true;
    try {
      this.#begin(this.#pending, bytes.toString('latin1', 0, endAt));
    } catch (error) {
      return this.#breakOff(error as Error);
    }
    return this.#onBody(Buffer.from(bytes.subarray(endAt + END_OF_HEAD.length)));
  }

  /** Throws if the answer can't be passed on. */
  #begin({ method, resolve, disarm }: PendingRequest, head: string): void {
    const { status, headers, contentLength, isChunked, keepsConnection } = parseAnswerHead(head);
    const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
    if (hasBody && contentLength === null && !isChunked) throw new Error('the answer does not say how long it is');
    disarm();
    this.#pending = null;
    this.#chunks = hasBody && isChunked ? new ChunkedBody() : null;
    this.#bytesLeft = hasBody ? (contentLength ?? Number.POSITIVE_INFINITY) : 0;
    this.#keepsConnection = keepsConnection;
    this.#body = new AnswerBody(this);
    resolve({ status, headers, body: this.#body });
  }

  #onBody(bytes: Buffer, onSent?: () => void): boolean {
    if (this.#chunks !== null) return this.#onChunks(this.#chunks, bytes, onSent);
    this.#bytesLeft -= bytes.length;
    if (this.#bytesLeft < 0) return this.#breakOff(new Error('the answer is longer than it says'));
    return this.#pass(bytes, onSent, this.#bytesLeft === 0);
  }

  /** A read seldom has more than one chunk. If it does, they are copied. */
  #onChunks(chunks: ChunkedBody, bytes: Buffer, onSent?: () => void): boolean {
    try {
      const [first = Buffer.alloc(0), ...others] = chunks.read(bytes);
      const data = others.length === 0 ? first : Buffer.concat([first, ...others]);
      return this.#pass(data, onSent, chunks.isComplete);
    } catch (error) {
      onSent?.();
      return this.#breakOff(error as Error);
    }
  }

  #pass(bytes: Buffer, onSent: (() => void) | undefined, isLast: boolean): boolean {
    const goesOn = this.#body?.add({ bytes, onSent }, isLast) ?? false;
    if (isLast) return this.#onComplete();
    this.#isPaused = !goesOn;
    return goesOn;
  }

  #onComplete(): boolean {
    this.#body = null;
    this.#chunks = null;
    this.#bytesLeft = 0;
    this.#isReused = true;
    if (this.#keepsConnection) this.#options.onIdle(this);
    else this.destroy();
    return this.#keepsConnection;
  }

  #breakOff(error: Error): false {
    this.#socket.destroy(error);
    return false;
  }

  #onClosed(): void {
    if (this.#bodyBuffer !== null) this.#options.buffers.giveBack(this.#bodyBuffer);
    this.#options.onClosed(this);
    this.#body?.breakOff();
    if (this.#pending === null) return;
    const { resolve, reject, disarm } = this.#pending;
    disarm();
    const isClosedByTask = this.#failure === null || ['ECONNRESET', 'EPIPE'].includes(this.#failure.code ?? '');
    if (this.#isReused && this.#headStart === null && isClosedByTask) resolve('closed');
    else reject(unreachable(this.#failure));
  }
}

function unreachable(cause: NodeJS.ErrnoException | null): TaskUnreachableError {
  const message = `no answer: ${cause?.message ?? 'the task has closed the connection'}`;
  return new TaskUnreachableError(message, { cause, isGone: cause?.code === 'ECONNREFUSED' });
}
