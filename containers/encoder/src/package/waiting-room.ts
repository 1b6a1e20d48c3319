interface Waiter {
  readonly isReady: () => boolean;
  readonly settle: (isReady: boolean) => void;
}

/** Requests that wait for a change. Their number is limited by the server's connections. */
export class WaitingRoom {
  readonly #waiters = new Set<Waiter>();

  /** How many are waiting. */
  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves to true once `isReady` returns true on a `recheck`, or to false after `timeoutMs` or when `signal` aborts.
   */
  wait(isReady: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (isReady()) return Promise.resolve(true);
    if (signal.aborted) return Promise.resolve(false);
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

  /** Resolves the waits that are ready. */
  recheck(): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.isReady()) waiter.settle(true);
    }
  }
}
