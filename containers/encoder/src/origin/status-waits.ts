import { WaitingRoom } from '#encoder/package/waiting-room.ts';

/** A request for a status that waits for a change is answered after this time, in milliseconds. */
export const STATUS_WAIT_MS = 10_000;
/** How often it is looked whether a status has changed. It is made of many things, and most tell nobody of a change. */
const CHECK_MS = 50;
/** Each takes a connection and a look every 50 ms. CloudFront sends one for all its viewers in a region. */
const MAX_WAITS = 1_000;
const MAX_WAITS_PER_STREAM = 200;
/** A stream that nobody holds costs two look-ups in DynamoDB a second. A viewer can make ids up, which must not push real streams out. */
const MAX_UNHELD_STREAMS = 200;
const MAX_UNHELD_WAITS = 300;

export interface StatusWaitsOptions {
  /** @default 10 s */
  readonly limitMs?: number;
}

/** A request that waits. */
export interface StatusWait {
  readonly playbackId: string;
  /** Whether a task holds the stream. */
  readonly isHeld: boolean;
  readonly timeoutMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** The requests of one task that wait until a status changes, or until it is looked up again who holds a stream. */
export class StatusWaits {
  readonly limitMs: number;
  readonly #room = new WaitingRoom();
  readonly #closing = new AbortController();
  /** When each request began to wait, by a clock that never steps. */
  readonly #beganAtMs = new WeakMap<object, number>();
  readonly #held = new CountedWaits();
  readonly #unheld = new CountedWaits();
  #timer: NodeJS.Timeout | null = null;

  constructor({ limitMs = STATUS_WAIT_MS }: StatusWaitsOptions = {}) {
    this.limitMs = limitMs;
  }

  /** Aborts when nobody may wait any more, because the task goes away. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** How long a request may wait yet. Its time begins with the first call, and goes on when its stream moves to another task. */
  remainingMs(request: object): number {
    const nowMs = performance.now();
    const beganAtMs = this.#beganAtMs.get(request) ?? nowMs;
    this.#beganAtMs.set(request, beganAtMs);
    return Math.max(0, beganAtMs + this.limitMs - nowMs);
  }

  /**
   * Waits until `isOver`. Resolves to false if it is not after the time, when `signal` aborts, when the task goes away, and at once
   * if too many wait already.
   */
  async until(wait: StatusWait, isOver: () => boolean): Promise<boolean> {
    if (this.#isFullFor(wait)) return isOver();
    const counted = wait.isHeld ? this.#held : this.#unheld;
    counted.add(wait.playbackId);
    this.#timer ??= setInterval(() => this.#room.recheck(), CHECK_MS);
    try {
      return await this.#room.wait(isOver, wait.timeoutMs, wait.signal);
    } finally {
      counted.remove(wait.playbackId);
      this.#rest();
    }
  }

  /** Answers those who wait, and lets nobody wait any more. */
  close(): void {
    this.#closing.abort('the task goes away');
    this.#room.close();
  }

  #isFullFor({ playbackId, isHeld }: StatusWait): boolean {
    const ofStream = this.#held.of(playbackId) + this.#unheld.of(playbackId);
    if (this.#held.size + this.#unheld.size >= MAX_WAITS || ofStream >= MAX_WAITS_PER_STREAM) return true;
    if (isHeld) return false;
    const isNew = this.#unheld.of(playbackId) === 0;
    return this.#unheld.size >= MAX_UNHELD_WAITS || (isNew && this.#unheld.streams >= MAX_UNHELD_STREAMS);
  }

  #rest(): void {
    if (this.#held.size + this.#unheld.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

/** How many wait, by playback id. */
class CountedWaits {
  readonly #perStream = new Map<string, number>();
  size = 0;

  get streams(): number {
    return this.#perStream.size;
  }

  of(playbackId: string): number {
    return this.#perStream.get(playbackId) ?? 0;
  }

  add(playbackId: string): void {
    this.size += 1;
    this.#perStream.set(playbackId, this.of(playbackId) + 1);
  }

  remove(playbackId: string): void {
    this.size -= 1;
    const others = this.of(playbackId) - 1;
    if (others > 0) this.#perStream.set(playbackId, others);
    else this.#perStream.delete(playbackId);
  }
}
