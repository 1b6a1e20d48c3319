import type { Logger } from 'pino';
import type { LiveStore } from '#runtime/live-store.ts';
import { StreamLease, type StreamLeaseOptions } from './stream-lease.ts';

export interface StreamHoldOptions extends Omit<StreamLeaseOptions, 'store' | keyof HeldEpoch> {
  readonly store: Pick<LiveStore, 'heartbeat' | 'forget' | 'forgetFormer'>;
}

/** What the store gave this task: the stream under an epoch, in a call at `heldAtMs`. `owner` publishes; null if nobody does. */
export interface HeldEpoch {
  readonly epoch: number;
  readonly heldAtMs: number;
  readonly owner: string | null;
  /** The word by which the stream is on air. Null for a preview, and if the stream goes on air by itself. */
  readonly onAirId: string | null;
}

/** A task's hold on a stream, from one lease to the next, until another task has the stream or nobody needs it. */
export class StreamHold {
  readonly #options: StreamHoldOptions;
  #lease: StreamLease | null = null;
  /** While the store is asked for another publish, there are no heartbeats. */
  #pause: { readonly over: Promise<void>; end(): void } | null = null;
  #isOver = false;
  #isFenced = false;
  /** The epoch of the publish under another playback id that has ended the broadcast. Null if there is none. */
  #retiredAtEpoch: number | null = null;

  constructor(options: StreamHoldOptions) {
    this.#options = options;
  }

  /** The fencing epoch under which this task holds the stream; 0 before it does. */
  get epoch(): number {
    return this.#retiredAtEpoch ?? this.#lease?.epoch ?? 0;
  }

  /** Whether another task has the stream, or will have it. */
  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** Whether nobody else can have taken the stream as abandoned. */
  get isSure(): boolean {
    // Nobody else has the end of a broadcast whose stream has another playback id now.
    return this.#retiredAtEpoch !== null || (this.#lease?.isHeld ?? false);
  }

  /** The word by which the stream is on air. Null without one. */
  get onAirId(): string | null {
    return this.#lease?.onAirId ?? null;
  }

  /** Holds the stream from now on, also if what was here until now was the end of a broadcast. `log` is that of a publish. */
  take(held: HeldEpoch, log: Logger = this.#options.log): void {
    void this.#lease?.drop();
    this.#endPause();
    this.#isOver = false;
    this.#retiredAtEpoch = null;
    this.#lease = new StreamLease({ ...this.#options, ...held, log });
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
    const { epoch, heldAtMs, owner, onAirId } = this.#lease;
    this.take({ epoch, heldAtMs, owner, onAirId });
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

  /** As `confirm`, when no publish begins any more. */
  async confirmSettled(): Promise<void> {
    while (this.#pause !== null) await this.#pause.over;
    await this.confirm();
  }

  /** The publisher has left. The store is told at once. */
  publisherLeft(): void {
    this.#lease?.publisherLeft();
  }

  /** Tells the store the latest state at once. */
  renew(): void {
    void this.#lease?.renew();
  }

  /** Does something that others hear of, unless another task has the stream. That may be so after the process was suspended. */
  async ifStillHeld(act: () => void): Promise<void> {
    await this.confirm();
    if (!this.#isFenced) act();
  }

  /**
   * Another task has the stream, or will have it. Nothing is written after this, but for a call that is under way; its end is
   * awaited.
   */
  fence(): Promise<void> {
    this.#isFenced = true;
    return this.#drop();
  }

  /** A publish with this epoch holds the stream under another playback id. What is left here is the end of a broadcast. */
  retire(epoch: number): void {
    void this.#drop();
    this.#retiredAtEpoch = epoch;
  }

  /** Nobody needs the stream any more. Resolves when the store knows, or can't be told. */
  async forget(): Promise<void> {
    const { store, streamId, log } = this.#options;
    await this.#drop();
    try {
      const { epoch, onAirId } = this;
      if (this.#retiredAtEpoch === null) await store.forget({ streamId, epoch, ...(onAirId !== null && { onAirId }) });
      else await store.forgetFormer({ streamId, epoch: this.epoch });
    } catch (error) {
      log.warn({ err: error }, 'live store not told of the end; the lease runs out by itself');
    }
  }

  async #drop(): Promise<void> {
    this.#isOver = true;
    this.#endPause();
    await this.#lease?.drop();
  }

  #endPause(): void {
    this.#pause?.end();
    this.#pause = null;
  }
}
