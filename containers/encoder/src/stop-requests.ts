/** Why a task stops, and how. */
export interface StopRequest {
  readonly reason: string;
  /** Whether the broadcasts go on, on other tasks. Otherwise they end. */
  readonly isDrain: boolean;
}

/**
 * Waits for requests to stop the task. It is made before anything is started, because the first process of a container ignores
 * signals that it has no handler for. It would run on until it is killed.
 */
export class StopRequests {
  /** Resolves to the first request. */
  readonly first: Promise<StopRequest>;
  readonly #ending = new AbortController();
  #resolveFirst: (request: StopRequest) => void = () => undefined;

  constructor() {
    this.first = new Promise((resolve) => {
      this.#resolveFirst = resolve;
    });
    // The handlers stay, because a signal without one ends the process. On Ctrl-C, SIGINT comes twice: from the terminal, and from
    // the platform.
    process.on('SIGTERM', () => this.drain('SIGTERM'));
    process.on('SIGINT', () => this.#end('SIGINT'));
    // On a laptop, the platform that started this process holds its IPC channel. Without the platform there is no work.
    process.once('disconnect', () => this.#end('the platform has gone'));
  }

  /** Aborts when the broadcasts must end at once, even if the task was to hand them over. */
  get endSignal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The task must stop; its broadcasts go on elsewhere. */
  drain(reason: string): void {
    this.#resolveFirst({ reason, isDrain: true });
  }

  #end(reason: string): void {
    this.#ending.abort();
    this.#resolveFirst({ reason, isDrain: false });
  }
}
