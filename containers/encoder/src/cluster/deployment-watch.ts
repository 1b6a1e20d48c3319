/** What the watch has to know about a task of the registry. */
export interface WatchedTask {
  readonly state: 'active' | 'draining';
  /** Revision of its task definition. Null outside of ECS. */
  readonly revision: number | null;
  /** Milliseconds since 1970. After that, the task counts as dead. */
  readonly heartbeatUntilMs: number;
}

export interface DeploymentWatchOptions {
  /** Revision of this task. Null outside of ECS; then nothing is newer. */
  readonly revision: number | null;
  /** How long this task keeps its broadcasts beside newer tasks, in minutes. */
  readonly drainMinutes: number;
  /** Called once, when this task must drain. */
  readonly onDrain: () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Newer tasks that are away for less time have missed some heartbeats. Longer, and the deployment was rolled back. */
export const ROLLED_BACK_AFTER_MS = 60_000;

/**
 * Decides when a deployment has replaced this task: a task of a newer revision has been active for `drainMinutes`. The
 * time starts again after a rollback.
 */
export class DeploymentWatch {
  readonly #options: DeploymentWatchOptions;
  /** When newer tasks were first and last seen. Null without any. */
  #newer: { readonly sinceMs: number; readonly lastMs: number } | null = null;
  #isOver = false;

  constructor(options: DeploymentWatchOptions) {
    this.#options = options;
  }

  /** Takes the tasks as the registry lists them now. If the registry can't be read, don't call it. */
  see(tasks: readonly WatchedTask[]): void {
    const { drainMinutes, onDrain } = this.#options;
    if (this.#isOver) return;
    const nowMs = this.#options.now();
    const isReplaced = tasks.some((task) => this.#isNewer(task, nowMs));
    if (!isReplaced) {
      if (this.#newer !== null && nowMs - this.#newer.lastMs >= ROLLED_BACK_AFTER_MS) this.#newer = null;
      return;
    }
    // Wall clocks are set back now and then.
    const sinceMs = Math.min(this.#newer?.sinceMs ?? nowMs, nowMs);
    this.#newer = { sinceMs, lastMs: nowMs };
    if (nowMs - sinceMs < drainMinutes * 60_000) return;
    this.#isOver = true;
    onDrain();
  }

  #isNewer({ state, revision, heartbeatUntilMs }: WatchedTask, nowMs: number): boolean {
    const own = this.#options.revision;
    return state === 'active' && own !== null && revision !== null && revision > own && heartbeatUntilMs > nowMs;
  }
}
