import { WaitingRoom } from '#encoder/package/waiting-room.ts';

/** A request for a status that waits for a change is answered after this time, in milliseconds. */
export const STATUS_WAIT_MS = 10_000;
/** How often it is looked whether a status has changed. It is made of many things, and most tell nobody of a change. */
const CHECK_MS = 50;
/** Each takes a connection and a look every 50 ms. CloudFront sends one for all its viewers in a region. */
const MAX_WAITS = 1_000;
const MAX_WAITS_PER_STREAM = 200;
/** A stream that nobody holds costs two look-ups in DynamoDB a second, and a viewer can make ids up. */
const MAX_STREAMS = 200;

export interface StatusWaitsOptions {
  /** @default 10 s */
  readonly limitMs?: number;
}

/** The requests of one task that wait until a status changes. */
export class StatusWaits {
  readonly limitMs: number;
  readonly #room = new WaitingRoom();
  readonly #closing = new AbortController();
  readonly #perStream = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor({ limitMs = STATUS_WAIT_MS }: StatusWaitsOptions = {}) {
    this.limitMs = limitMs;
  }

  /** Aborts when nobody may wait any more, because the task goes away. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Waits until `isOver`. Resolves to false if it is not after the time, when `signal` aborts, when the task goes away, and at once
   * if too many wait already.
   */
  async until(playbackId: string, isOver: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const ofStream = this.#perStream.get(playbackId) ?? 0;
    const isFull = ofStream === 0 ? this.#perStream.size >= MAX_STREAMS : ofStream >= MAX_WAITS_PER_STREAM;
    if (isFull || this.#room.size >= MAX_WAITS) return isOver();
    this.#perStream.set(playbackId, ofStream + 1);
    this.#timer ??= setInterval(() => this.#room.recheck(), CHECK_MS);
    try {
      return await this.#room.wait(isOver, timeoutMs, signal);
    } finally {
      this.#leave(playbackId);
    }
  }

  /** Answers those who wait, and lets nobody wait any more. */
  close(): void {
    this.#closing.abort('the task goes away');
    this.#room.close();
  }

  #leave(playbackId: string): void {
    const others = (this.#perStream.get(playbackId) ?? 0) - 1;
    if (others > 0) this.#perStream.set(playbackId, others);
    else this.#perStream.delete(playbackId);
    if (this.#perStream.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
