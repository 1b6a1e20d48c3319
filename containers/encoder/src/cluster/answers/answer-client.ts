import { validateHeaderValue } from 'node:http';
import type { ClusterCredential } from '../cluster-credential.ts';
import { TaskUnreachableError } from '../task-client.ts';
import { AnswerConnection, type SentRequest, type TaskAnswer } from './answer-connection.ts';
import { ReadBuffers } from './read-buffers.ts';

/** Each blocked request of a viewer takes a connection. */
const MAX_CONNECTIONS = 4_000;
/** Idle connections that are kept to one task. */
const MAX_IDLE = 64;

/** What can't be in the first line of a request (RFC 9112 3). */
const NO_PATH = /[^\x21-\x7e\x80-\xff]/;

/** A viewer's request for another task. */
export interface AnswerRequest extends Omit<SentRequest, 'text'> {
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** As many requests as possible wait for the task already. */
export class TaskBusyError extends Error {
  override readonly name = 'TaskBusyError';
}

/** The connections to one task. */
interface TaskConnections {
  readonly all: Set<AnswerConnection>;
  /** The one that was used last is the last. */
  readonly idle: AnswerConnection[];
}

export interface AnswerClientOptions {
  readonly credential: ClusterCredential;
  /** To one task. @default 4,000 */
  readonly maxConnections?: number;
}

/** Asks other tasks what viewers have asked this one, on connections that are kept. */
export class AnswerClient {
  readonly #credential: ClusterCredential;
  readonly #maxConnections: number;
  readonly #buffers = new ReadBuffers();
  readonly #tasks = new Map<string, TaskConnections>();

  constructor({ credential, maxConnections = MAX_CONNECTIONS }: AnswerClientOptions) {
    this.#credential = credential;
    this.#maxConnections = maxConnections;
  }

  /**
   * The beginning of the answer of the task whose internal server is at `host:port`. Rejects with a TaskUnreachableError or a
   * TaskBusyError, or with the signal's reason.
   */
  async ask(address: string, request: AnswerRequest): Promise<TaskAnswer> {
    const authorization = await this.#credential.authorization();
    request.signal.throwIfAborted();
    const sent = { ...request, text: requestText(request, { host: address, authorization }) };
    const first = (await this.#tasks.get(address)?.idle.pop()?.ask(sent)) ?? 'closed';
    if (first !== 'closed') return first;
    // A kept connection may have been closed by the task just when it was used again.
    const second = await this.#connect(address).ask(sent);
    if (second === 'closed') throw new TaskUnreachableError('the task closes its connections', { isGone: false });
    return second;
  }

  close(): void {
    for (const { all } of this.#tasks.values()) for (const connection of all) connection.destroy();
  }

  #connect(address: string): AnswerConnection {
    const task = this.#tasks.get(address) ?? { all: new Set(), idle: [] };
    if (task.all.size >= this.#maxConnections) throw new TaskBusyError(`${task.all.size} requests wait for the task`);
    const connection = new AnswerConnection({
      ...{ address, buffers: this.#buffers },
      onIdle: () => {
        if (task.idle.length < MAX_IDLE) task.idle.push(connection);
        else connection.destroy();
      },
      onClosed: () => {
        task.all.delete(connection);
        const index = task.idle.indexOf(connection);
        if (index !== -1) task.idle.splice(index, 1);
        if (task.all.size === 0) this.#tasks.delete(address);
      },
    });
    this.#tasks.set(address, task);
    task.all.add(connection);
    return connection;
  }
}

/** Throws if the request has what can't be sent. */
function requestText({ method, path, headers }: AnswerRequest, own: Readonly<Record<string, string>>): string {
  if (NO_PATH.test(path)) throw new Error('the path has characters that no path has');
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries({ ...own, ...headers })) {
    validateHeaderValue(name, value);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
