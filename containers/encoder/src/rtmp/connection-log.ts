import type { Logger } from 'pino';
import type { LeftOut, LogLimiter } from '#encoder/guard/log-limiter.ts';

export interface ConnectionLogOptions {
  /** The network of the remote address (`toSourceNetwork`). */
  readonly network: string;
  readonly limiter: LogLimiter;
  /** Whether the connection's publish is or was live. */
  readonly wasLive: () => boolean;
  /** Names the connection and its remote address on every line. */
  readonly log: Logger;
}

/** How a connection ended. */
export interface ConnectionEnd {
  readonly streamId: string | undefined;
  readonly reason: string;
  readonly receivedBytes: number;
  readonly durationMs: number;
}

/** Logs everything about a live publisher, and one line about a connection that never went live. */
export class ConnectionLog {
  readonly #options: ConnectionLogOptions;
  #isExplained = false;

  constructor(options: ConnectionLogOptions) {
    this.#options = options;
  }

  /** Calls `log`; for a stranger only the first time, and only if its network has had no line for a second. */
  explain(log: (leftOut: LeftOut) => void): void {
    const { network, limiter, wasLive } = this.#options;
    if (wasLive()) log({});
    else if (!this.#isExplained) limiter.write(network, log);
    this.#isExplained = true;
  }

  /** `isRoutine`: health checks and port scans connect and leave at once. They get a line at level debug only. */
  close(end: ConnectionEnd, isRoutine: boolean): void {
    const { wasLive, log } = this.#options;
    if (wasLive() || !(isRoutine || this.#isExplained)) {
      this.explain((leftOut) => log.info({ ...end, ...leftOut }, 'connection closed'));
    } else {
      log.debug(end, 'connection closed');
    }
  }
}
