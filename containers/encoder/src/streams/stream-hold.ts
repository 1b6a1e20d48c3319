import type { Logger } from 'pino';
import { StreamLease, type StreamLeaseOptions } from './stream-lease.ts';

export type StreamHoldOptions = Omit<StreamLeaseOptions, 'epoch' | 'heldAtMs' | 'owner'>;

/** What the store gave this task: the stream under an epoch, in a call at `heldAtMs`. `owner` publishes; null if nobody does. */
export interface HeldEpoch {
  readonly epoch: number;
  readonly heldAtMs: number;
  readonly owner: string | null;
  /** @default The stream's. */
  readonly log?: Logger;
}

/** A task's hold on a stream, from one lease to the next. */
export class StreamHold {
  readonly #options: StreamHoldOptions;
  #lease: StreamLease | null = null;
  /** While the store is asked for another publish, there are no heartbeats. */
  #pause: { readonly over: Promise<void>; end(): void } | null = null;
  #isOver = false;

  constructor(options: StreamHoldOptions) {
    this.#options = options;
  }

  /** The fencing epoch under which this task holds the stream; 0 before it does. */
  get epoch(): number {
    return this.#lease?.epoch ?? 0;
  }

  /** Whether nobody else can have taken the stream as abandoned. */
  get isSure(): boolean {
    return this.#lease?.isHeld ?? false;
  }

  /** Holds the stream from now on. */
  take(held: HeldEpoch): void {
    void this.#lease?.drop();
    this.#endPause();
    this.#lease = new StreamLease({ ...this.#options, ...held, log: held.log ?? this.#options.log });
  }

  /** Stops the heartbeats while another publish begins. Otherwise they would find its epoch, and take it for another task's. */
  async pause(): Promise<void> {
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#endPause();
    this.#pause = { over, end };
    await this.#lease?.drop();
  }

  /** Goes on with the heartbeats if no publish has begun after all. */
  resume(): void {
    if (this.#lease === null || this.#isOver) return;
    const { epoch, heldAtMs } = this.#lease;
    this.take({ epoch, heldAtMs, owner: null });
  }

  /** Resolves when it is known, as well as the store lets us know, whether the task still holds the stream. */
  async confirm(): Promise<void> {
    await this.#lease?.confirm();
  }

  /** As `confirm`, and waits for a publish that begins: while the lease is paused, only that shows who has the stream. */
  async confirmAll(): Promise<void> {
    await this.confirm();
    while (this.#pause !== null && this.#lease?.isRecent === false) {
      await this.#pause.over;
      await this.confirm();
    }
  }

  /** The publisher has left. The store is told at once. */
  publisherLeft(): void {
    this.#lease?.publisherLeft();
  }

  /** Tells the store the latest state at once. */
  renew(): void {
    void this.#lease?.renew();
  }

  /** Lets go of the stream. Nothing is written after this, but for a call that is under way; its end is awaited. */
  async drop(): Promise<void> {
    this.#isOver = true;
    this.#endPause();
    await this.#lease?.drop();
  }

  #endPause(): void {
    this.#pause?.end();
    this.#pause = null;
  }
}
