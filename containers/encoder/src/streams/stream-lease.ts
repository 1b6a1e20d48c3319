import type { Logger } from 'pino';
import { type BroadcastState, type EndReason, STREAM_HEARTBEAT_MS, type StreamHealth } from '#domain/streams.ts';
import { type HeartbeatResult, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';

/** DynamoDB usually answers within 20 ms. */
const HEARTBEAT_TIMEOUT_MS = 500;
/**
 * A task answers viewers for this long after the start of a heartbeat, whatever that heartbeat led to. After that, as when the
 * process was suspended, it asks the store first. A task that has taken a stream over waits for as long before it answers, unless
 * the former task has confirmed that it no longer does.
 */
export const ANSWER_LIMIT_MS = 2_000;

export interface StreamLeaseOptions {
  readonly store: Pick<LiveStore, 'heartbeat'>;
  readonly streamId: string;
  /** The fencing epoch. */
  readonly epoch: number;
  /** When the store was asked for the epoch, in milliseconds since 1970. */
  readonly heldAtMs: number;
  /** The connection that publishes. Null if nobody does. */
  readonly owner: string | null;
  /** The word by which the stream is on air. Null for a preview, and if the stream goes on air by itself. */
  readonly onAirId: string | null;
  readonly broadcast: () => BroadcastState;
  readonly health: () => StreamHealth | null;
  /** From one heartbeat to the next. @default STREAM_HEARTBEAT_MS */
  readonly heartbeatMs?: number;
  /** Called once for each reason for which somebody asked for the end. The task still holds the stream. */
  readonly onEndRequested: (reason: EndReason) => void;
  /** Called once for each request for a trace, with the moment of the request in milliseconds since 1970. */
  readonly onTraceRequested: (requestedAtMs: number) => void;
  /** Called with the word by which the stream shall be on air, null without one, as long as that is not how the task holds it. */
  readonly onAirChange: (onAirId: string | null) => void;
  /** Called once when the stream has a newer epoch. The task must not answer for it or change it any more. */
  readonly onReplaced: () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * A task's hold on a stream under one fencing epoch. Renews it in the live store until it is dropped or replaced. If the store
 * can't be reached, the broadcast goes on and one line is logged: its publisher and its viewers are still here.
 */
export class StreamLease {
  readonly epoch: number;
  readonly #options: StreamLeaseOptions;
  #owner: string | null;
  /** Why somebody asked for the end, as far as known. */
  #requestedEnd: EndReason | null = null;
  #traceRequestedAtMs: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** The heartbeat that is under way. Calls never pile up, and the last one sees the latest state. */
  #calling: Promise<void> | null = null;
  #isOver = false;
  #isReachable = true;
  /** When the latest heartbeat that has an outcome started. */
  #triedAtMs: number;
  /** When the latest heartbeat that succeeded started. */
  #heldAtMs: number;

  constructor(options: StreamLeaseOptions) {
    this.#options = options;
    this.epoch = options.epoch;
    this.#owner = options.owner;
    this.#triedAtMs = options.heldAtMs;
    this.#heldAtMs = options.heldAtMs;
    this.#beatIn(this.#heartbeatMs);
  }

  /** The connection that publishes. Null if nobody does. */
  get owner(): string | null {
    return this.#owner;
  }

  /** The word by which the stream is on air. Null without one. */
  get onAirId(): string | null {
    return this.#options.onAirId;
  }

  /** When the latest heartbeat that succeeded was sent, in milliseconds since 1970. */
  get heldAtMs(): number {
    return this.#heldAtMs;
  }

  /** Whether the task may answer without asking the store again. */
  get isRecent(): boolean {
    return this.#isWithin(ANSWER_LIMIT_MS, this.#triedAtMs);
  }

  /** Whether nobody else can have taken the stream as abandoned. */
  get isHeld(): boolean {
    return this.#isWithin(LEASE_DURATION_MS, this.#heldAtMs);
  }

  /** The publisher has left. The next heartbeat, which is sent at once, tells the store. */
  publisherLeft(): void {
    this.#owner = null;
    void this.renew();
  }

  /** Sends a heartbeat at once. Resolves when it has an outcome; never rejects. */
  async renew(): Promise<void> {
    // One that is under way may have been sent before the latest change.
    if (this.#calling !== null) await this.#calling;
    if (this.#isOver) return;
    await (this.#calling ?? this.#beat());
  }

  /** Resolves when it is known, as well as the store lets us know, whether the task still holds the stream. */
  async confirm(): Promise<void> {
    if (this.#isOver || this.isRecent) return;
    await (this.#calling ?? this.#beat());
    if (!this.#isOver && !this.isRecent) await this.renew();
  }

  /** Stops the heartbeats. Nothing is written after this, but for a call that is under way; its end is awaited. */
  async drop(): Promise<void> {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#calling;
  }

  get #heartbeatMs(): number {
    return this.#options.heartbeatMs ?? STREAM_HEARTBEAT_MS;
  }

  #isWithin(limitMs: number, sinceMs: number): boolean {
    const elapsedMs = this.#options.now() - sinceMs;
    return elapsedMs >= 0 && elapsedMs < limitMs;
  }

  #beatIn(delayMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#beat(), delayMs);
  }

  #beat(): Promise<void> {
    if (this.#calling !== null) return this.#calling;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#calling = this.#renewOnce()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'a stream that was lost did not end in order'))
      .finally(() => {
        this.#calling = null;
      });
    return this.#calling;
  }

  async #renewOnce(): Promise<void> {
    const { now, onReplaced } = this.#options;
    const startedAtMs = now();
    const wasReachable = this.#isReachable;
    const owner = this.#owner;
    const result = await this.#send(startedAtMs, owner);
    // Nobody hears of the outcome any more, so nobody may answer because of it.
    if (this.#isOver) return;
    this.#triedAtMs = startedAtMs;
    if (result?.held === true) this.#heldAtMs = startedAtMs;
    const isReplaced = result?.held === false && result.reason === null;
    if (isReplaced) this.#isOver = true;
    else this.#beatAfter(startedAtMs, result === null && wasReachable);
    if (isReplaced) onReplaced();
    else if (result !== null) {
      this.#onRequestedTrace(result.traceRequestedAtMs ?? null);
      this.#onRequestedEnd(result.reason);
      this.#onWord(result);
    }
  }

  /** A task that has lost the stream's publish hears of a word when it holds the stream without it. */
  #onWord({ held, onAirId }: HeartbeatResult): void {
    const word = onAirId ?? null;
    if (held && word !== this.onAirId) this.#options.onAirChange(word);
  }

  #onRequestedTrace(requestedAtMs: number | null): void {
    if (requestedAtMs === null || requestedAtMs === this.#traceRequestedAtMs) return;
    this.#traceRequestedAtMs = requestedAtMs;
    this.#options.onTraceRequested(requestedAtMs);
  }

  #onRequestedEnd(reason: EndReason | null): void {
    if (reason === null || reason === this.#requestedEnd) return;
    this.#requestedEnd = reason;
    this.#owner = null;
    this.#options.onEndRequested(reason);
  }

  /** A first failure is repeated at once. */
  #beatAfter(startedAtMs: number, isFirstFailure: boolean): void {
    const elapsedMs = Math.max(0, this.#options.now() - startedAtMs); // Wall clocks are set back now and then.
    this.#beatIn(isFirstFailure ? 0 : Math.max(0, this.#heartbeatMs - elapsedMs));
  }

  /** Null if the store did not answer in time. */
  async #send(nowMs: number, owner: string | null): Promise<HeartbeatResult | null> {
    const { store, streamId, epoch, broadcast, health, onAirId } = this.#options;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), HEARTBEAT_TIMEOUT_MS);
    try {
      const result = await store.heartbeat({
        ...{ streamId, epoch, owner, broadcast: broadcast(), health: owner === null ? null : health() },
        leaseUntilMs: nowMs + LEASE_DURATION_MS,
        ...(onAirId === null ? {} : { onAirId }),
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
