const INTERVAL_MS = 1_000;
/** Forgets the oldest beyond these, so that many addresses at once cost lines and not memory. */
const MAX_NETWORKS = 1_000;

/** Goes into the line: how many connections of the same address have had none since the last. */
export interface Unlogged {
  readonly unlogged?: number;
}

interface Lines {
  readonly loggedAtMs: number;
  unlogged: number;
}

/**
 * Lines about connections that never were a live publish: one a second for each address or network, with a count of those
 * that it stands for. Strangers must not be able to fill the log.
 */
export class StrangerLog {
  readonly #now: () => number;
  readonly #lines = new Map<string, Lines>();

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Has `log` write a line, unless the network had one within the last second. */
  write(network: string, log: (unlogged: Unlogged) => void): void {
    const nowMs = this.#now();
    const before = this.#lines.get(network);
    if (before !== undefined && Math.abs(nowMs - before.loggedAtMs) < INTERVAL_MS) {
      before.unlogged++;
      return;
    }
    this.#lines.delete(network);
    this.#lines.set(network, { loggedAtMs: nowMs, unlogged: 0 });
    const [oldest] = this.#lines.keys();
    if (this.#lines.size > MAX_NETWORKS && oldest !== undefined) this.#lines.delete(oldest);
    log(before === undefined || before.unlogged === 0 ? {} : { unlogged: before.unlogged });
  }
}
