import type { Logger } from 'pino';
import type { EndReason, StreamHealth } from '#domain/streams.ts';
import { type HeartbeatResult, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';

/**
 * A stop reaches the publisher within 2 s, and one heartbeat may fail: the next one comes at most 1 s after it, has failed
 * after half a second and is repeated at once. Two a second would do that too, for twice the writes (one a heartbeat and
 * stream), which are most of what a stream costs in DynamoDB.
 */
const HEARTBEAT_MS = 1_000;
/** DynamoDB answers within 20 ms. */
const HEARTBEAT_TIMEOUT_MS = 500;

export interface LeaseOptions {
  readonly store: Pick<LiveStore, 'heartbeat' | 'end'>;
  readonly streamId: string;
  readonly owner: string;
  readonly health: () => StreamHealth;
  /** The publish must end: somebody asked for it, or (null) somebody else publishes the stream now. Called once. */
  readonly onLost: (reason: EndReason | null) => void;
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Keeps a publish's record in the live store fresh until it is released. A store that can't be reached costs a log line,
 * never the broadcast: the publisher is here and its viewers are too.
 */
export class Lease {
  readonly #options: LeaseOptions;
  #timer: NodeJS.Timeout;
  /** The one call that is under way: a heartbeat that is late must not undo the release after it. */
  #calling: Promise<void> = Promise.resolve();
  #released: Promise<void> | null = null;
  #isReachable = true;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#timer = this.#beatIn(HEARTBEAT_MS);
  }

  /** Gives the stream up; resolves when the store has been told, or could not be. */
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

  /** The next one is due only when this one is over, so that calls never pile up. */
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
    const elapsedMs = Math.max(0, now() - startedAtMs); // wall clocks are set back now and then
    this.#timer = this.#beatIn(isFirstFailure ? 0 : Math.max(0, HEARTBEAT_MS - elapsedMs));
  }

  /** Null where the store did not answer in time. */
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

  /** One line for an outage, not one for each second of it. */
  #onUnreached(error: unknown): void {
    if (this.#isReachable) this.#options.log.warn({ err: error }, 'live store not reached; the stream goes on');
    this.#isReachable = false;
  }

  #onReached(): void {
    if (!this.#isReachable) this.#options.log.info('live store reached again');
    this.#isReachable = true;
  }
}
