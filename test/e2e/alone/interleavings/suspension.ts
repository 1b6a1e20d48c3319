import { AsyncLocalStorage } from 'node:async_hooks';

/** The task whose code is running. */
const current = new AsyncLocalStorage<Suspension>();

/**
 * Suspends one task of several in this process, nearly as SIGSTOP does: what its timers start, and what it asks and is asked, waits
 * until it goes on.
 */
export class Suspension {
  #waiting: (() => void)[] = [];
  #isSuspended = false;

  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** Runs a task's code: all timers that it starts from then on are the task's. */
  run<T>(code: () => T): T {
    return current.run(this, code);
  }

  suspend(): void {
    this.#isSuspended = true;
  }

  goOn(): void {
    this.#isSuspended = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** Resolves when the task is not suspended. */
  passed(): Promise<void> {
    return new Promise((resolve) => this.whenRunning(resolve));
  }

  /** An object whose methods are called, and answer, only while the task is not suspended. */
  guard<T extends object>(object: T): T {
    return new Proxy(object, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          await this.passed();
          try {
            return await value.apply(target, args);
          } finally {
            await this.passed();
          }
        };
      },
    });
  }

  /** Calls at once, or when the task goes on. */
  whenRunning(call: () => void): void {
    if (this.#isSuspended) this.#waiting.push(call);
    else call();
  }
}

type Call = (...args: unknown[]) => void;
type SetTimer = (call: Call, delayMs?: number, ...args: unknown[]) => NodeJS.Timeout;

/** Makes the timers of this process belong to the task that starts them. Returns what undoes that. */
export function suspendableTimers(): () => void {
  const real = { setTimeout, setInterval, clearTimeout, clearInterval };
  const cleared = new WeakSet<object>();
  const late = (set: SetTimer): SetTimer => {
    return (call, delayMs, ...args) => {
      const task = current.getStore();
      if (task === undefined) return set(call, delayMs, ...args);
      const timer = set(() => task.whenRunning(() => cleared.has(timer) || call(...args)), delayMs);
      return timer;
    };
  };
  const clear = (timer: NodeJS.Timeout | number | string | null | undefined): void => {
    if (typeof timer === 'object' && timer !== null) cleared.add(timer);
    real.clearTimeout(timer ?? undefined);
  };
  Object.assign(globalThis, {
    ...{ setTimeout: late(real.setTimeout as SetTimer), setInterval: late(real.setInterval as SetTimer) },
    ...{ clearTimeout: clear, clearInterval: clear },
  });
  return () => Object.assign(globalThis, real);
}
