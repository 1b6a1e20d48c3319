import type { Logger } from 'pino';
import type { StrangerLog, Unlogged } from '#encoder/guard/stranger-log.ts';

export interface ConnectionJournalOptions {
  /** What the remote address counts as (`toSourceNetwork`). */
  readonly network: string;
  readonly strangerLog: StrangerLog;
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

/** What is logged of one connection: everything about a live publisher, and of a stranger one line that says why it ended. */
export class ConnectionJournal {
  /** Set for good once the publish is accepted. */
  isLive = false;
  readonly #options: ConnectionJournalOptions;
  #isExplained = false;

  constructor(options: ConnectionJournalOptions) {
    this.#options = options;
  }

  /** Has `log` write a line; a stranger's only if it is its first, and not one of too many of the network. */
  explain(log: (unlogged: Unlogged) => void): void {
    const { network, strangerLog } = this.#options;
    if (this.isLive) log({});
    else if (!this.#isExplained) strangerLog.write(network, log);
    this.#isExplained = true;
  }

  /** `isRoutine`: health checks and port scans connect and leave, some by a reset, which is not worth a line each in production. */
  close(end: ConnectionEnd, isRoutine: boolean): void {
    const { log } = this.#options;
    if (this.isLive || !(isRoutine || this.#isExplained)) {
      this.explain((unlogged) => log.info({ ...end, ...unlogged }, 'connection closed'));
    } else {
      log.debug(end, 'connection closed');
    }
  }
}
