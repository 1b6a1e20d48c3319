import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { ClusterCredential } from './cluster-credential.ts';

/** A task in the same network accepts a connection within milliseconds. One that has gone answers nothing. */
export const CONNECT_LIMIT_MS = 1_000;
/** Connections to one task. Each blocked request of a viewer takes one. */
const MAX_SOCKETS = 4_000;
/** Idle connections that are kept to one task. */
const MAX_FREE_SOCKETS = 64;

/** The task did not answer: it has gone, or can't be reached. */
export class TaskUnreachableError extends Error {
  override readonly name = 'TaskUnreachableError';
  /** No process listens at the task's address, so nothing of the task is left. */
  readonly isGone: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isGone: boolean }) {
    super(message, options);
    this.isGone = options.isGone;
  }
}

export interface TaskRequest {
  /** `host:port` of the task's internal server. */
  readonly address: string;
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the task may take until its answer begins. */
  readonly answerLimitMs: number;
  readonly signal: AbortSignal;
}

/** Sends requests to other tasks' internal servers, on connections that are kept. */
export class TaskClient {
  readonly #agent = new Agent({
    keepAlive: true,
    noDelay: true,
    maxSockets: MAX_SOCKETS,
    maxFreeSockets: MAX_FREE_SOCKETS,
    scheduling: 'lifo',
  });
  readonly #credential: ClusterCredential;

  constructor(credential: ClusterCredential) {
    this.#credential = credential;
  }

  /** The beginning of a task's answer. Rejects with a TaskUnreachableError, or with the signal's reason. */
  async ask(request: TaskRequest): Promise<IncomingMessage> {
    const authorization = await this.#credential.authorization();
    request.signal.throwIfAborted();
    const first = await this.#askOnce(request, authorization);
    // A kept connection may have been closed by the task just when it was used again.
    return first === 'closed' ? this.#askAgain(request, authorization) : first;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #askAgain(request: TaskRequest, authorization: string): Promise<IncomingMessage> {
    const second = await this.#askOnce(request, authorization);
    if (second === 'closed') throw new TaskUnreachableError('the task closes its connections', { isGone: false });
    return second;
  }

  #askOnce(request: TaskRequest, authorization: string): Promise<IncomingMessage | 'closed'> {
    const { address, method, path, headers, answerLimitMs, signal } = request;
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(`http://${address}${path}`, {
        ...{ method, agent: this.#agent, signal, headers: { ...headers, authorization } },
      });
      limitConnect(outgoing);
      const timer = setTimeout(() => outgoing.destroy(new Error('no answer in time')), answerLimitMs);
      outgoing.once('close', () => clearTimeout(timer));
      outgoing.once('response', (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      outgoing.once('error', (cause: NodeJS.ErrnoException) => {
        if (signal.aborted) reject(signal.reason);
        else if (outgoing.reusedSocket && cause.code === 'ECONNRESET') resolve('closed');
        else
          reject(
            new TaskUnreachableError(`no answer: ${cause.message}`, { cause, isGone: cause.code === 'ECONNREFUSED' }),
          );
      });
      outgoing.end();
    });
  }
}

/** Gives up a request whose connection is not made in time. */
export function limitConnect(outgoing: ClientRequest): void {
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => outgoing.destroy(new Error('not connected in time')), CONNECT_LIMIT_MS);
    const stop = (): void => clearTimeout(timer);
    socket.once('connect', stop).once('close', stop);
  });
}
