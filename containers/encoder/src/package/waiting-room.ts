interface Waiter {
  readonly isReady: () => boolean;
  readonly settle: (isReady: boolean) => void;
}

/** Requests that wait for a change. Their number is limited by the server's connections. */
export class WaitingRoom {
  readonly #waiters = new Set<Waiter>();
  #isClosed = false;

  /** How many are waiting. */
  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves to true once `isReady` returns true on a `recheck`, or to false after `timeoutMs` or when `signal` aborts.
   * In a closed room nothing is worth waiting for: what is not ready resolves to false at once.
   */
  wait(isReady: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (isReady()) return Promise.resolve(true);
    if (signal.aborted || this.#isClosed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (ready: boolean): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', giveUp);
        resolve(ready);
      };
      const giveUp = (): void => settle(false);
      const timer = setTimeout(giveUp, timeoutMs);
      const waiter: Waiter = { isReady, settle };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Nothing changes any more. Resolves all waits, to false if they are not ready. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of [...this.#waiters]) waiter.settle(waiter.isReady());
  }

  /** Resolves the waits that are ready. */
  recheck(): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.isReady()) waiter.settle(true);
    }
  }
}
