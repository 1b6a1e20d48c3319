import type { Logger } from 'pino';
import type { EndReason, StreamHealth } from '#domain/streams.ts';
import { type HeartbeatResult, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';

/**
 * A stop reaches the publisher within 2 s, even if one heartbeat fails: it fails after half a second and is repeated at once. Two
 * heartbeats a second would do that too, but at twice the writes, and writes are most of what a stream costs in DynamoDB.
 */
const HEARTBEAT_MS = 1_000;
/** DynamoDB usually answers within 20 ms. */
const HEARTBEAT_TIMEOUT_MS = 500;

export interface LeaseOptions {
  readonly store: Pick<LiveStore, 'heartbeat' | 'end'>;
  readonly streamId: string;
  readonly owner: string;
  readonly health: () => StreamHealth;
  /** Called once when the publish must end: somebody asked for it, or (null) another publisher has the stream now. */
  readonly onLost: (reason: EndReason | null) => void;
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Renews a publish's record in the live store until it is released. If the store can't be reached, the broadcast goes on and one
 * line is logged: its publisher and its viewers are still here.
 */
export class Lease {
  readonly #options: LeaseOptions;
  #timer: NodeJS.Timeout;
  /** The call that is under way. The release waits for it, so that a late heartbeat does not undo the release. */
  #calling: Promise<void> = Promise.resolve();
  #released: Promise<void> | null = null;
  #isReachable = true;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#timer = this.#beatIn(HEARTBEAT_MS);
  }

  /** Gives the stream up. Resolves after the attempt to tell the store, whether or not that worked. */
  release(): Promise<void> {
    clearTimeout(this.#timer);
    this.#released ??= this.#giveUp();
    return this.#released;
  }

  #beatIn(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#calling = this.#beat().catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'a publish that was lost did not end in order'),
      );
    }, delayMs);
  }

  /** The next heartbeat is scheduled when this one is over, so that calls never pile up. */
  async #beat(): Promise<void> {
    const { now, onLost } = this.#options;
    const startedAtMs = now();
    const wasReachable = this.#isReachable;
    const result = await this.#renew(startedAtMs);
    if (this.#released !== null) return;
    if (result?.held === false) {
      onLost(result.reason);
      return;
    }
    const isFirstFailure = result === null && wasReachable;
    const elapsedMs = Math.max(0, now() - startedAtMs); // Wall clocks are set back now and then.
    this.#timer = this.#beatIn(isFirstFailure ? 0 : Math.max(0, HEARTBEAT_MS - elapsedMs));
  }

  /** Null if the store did not answer in time. */
  async #renew(nowMs: number): Promise<HeartbeatResult | null> {
    const { store, streamId, owner, health } = this.#options;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), HEARTBEAT_TIMEOUT_MS);
    const leaseUntilMs = nowMs + LEASE_DURATION_MS;
    try {
      const result = await store.heartbeat({
        ...{ streamId, owner, leaseUntilMs, health: health() },
        signal: deadline.signal,
      });
      this.#onReached();
      return result;
    } catch (error) {
      this.#onUnreached(error);
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  async #giveUp(): Promise<void> {
    const { store, streamId, owner, log } = this.#options;
    await this.#calling;
    try {
      await store.end({ streamId, owner });
    } catch (error) {
      log.warn({ err: error }, 'live store not told of the end; the lease runs out by itself');
    }
  }

  /** Logs one line for an outage, not one a second. */
  #onUnreached(error: unknown): void {
    if (this.#isReachable) this.#options.log.warn({ err: error }, 'live store not reached; the stream goes on');
    this.#isReachable = false;
  }

  #onReached(): void {
    if (!this.#isReachable) this.#options.log.info('live store reached again');
    this.#isReachable = true;
  }
}
