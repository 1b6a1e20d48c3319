import type { RestartReason } from '#domain/events.ts';
import { RestartPolicy } from './restart-policy.ts';
import type { RunEnd } from './transcode-run.ts';

export interface RestartsOptions {
  /** The next FFmpeg may start. */
  readonly onDue: () => void;
}

/** What follows the end of an FFmpeg: the next one, now or after a delay, or none. */
export class Restarts {
  readonly #options: RestartsOptions;
  readonly #policy = new RestartPolicy();
  #timer: NodeJS.Timeout | null = null;
  #reason: RestartReason | null = null;

  constructor(options: RestartsOptions) {
    this.#options = options;
  }

  /** Whether the next FFmpeg has to wait. */
  get isDelaying(): boolean {
    return this.#timer !== null;
  }

  /** Why the previous run ended; null before the first, and after one that ended for a step. */
  get reason(): RestartReason | null {
    return this.#reason;
  }

  /** A run has ended. `isStep`: it did so for a quality step. */
  onRunEnded({ outcome }: RunEnd, isStep: boolean): void {
    this.#reason = isStep ? null : outcome === 'finished' ? 'source-changed' : outcome;
  }

  /** Calls `onDue` when the next FFmpeg may follow the run that has ended. Returns false if there is no use in another one. */
  restartAfter(end: RunEnd, isStep: boolean): boolean {
    const delayMs = isStep ? 0 : this.#delayAfter(end);
    if (delayMs === null) return false;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#options.onDue();
    }, delayMs);
    return true;
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Null to give up. */
  #delayAfter(end: RunEnd): number | null {
    if (end.outcome === 'finished') return this.#policy.delayAfterChange(end.lifetimeMs);
    // The next FFmpeg has less to do. A wait would only be missing media.
    return end.outcome === 'overloaded' ? 0 : this.#policy.delayAfter(end);
  }
}
