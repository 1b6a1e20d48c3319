import type { Logger } from 'pino';
import type { EventSink } from '#domain/events.ts';
import { signalWithin } from '#runtime/signal-within.ts';

/** The queue only fills while the receiver does not answer or during an attack. Then the newest events are dropped. */
const MAX_QUEUED_EVENTS = 1_000;
/** For one call, including the SDK's retries. */
const CALL_TIMEOUT_MS = 5_000;

interface QueuedEvent {
  readonly id: string;
}

export interface EventQueueOptions<Event extends QueuedEvent> {
  /** How many events one call may have. */
  readonly batchSize: number;
  /** Sends events. If it rejects, they are logged and not sent again. */
  readonly send: (batch: readonly Event[], signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/** Sends events in order, in batches, without holding anybody up. */
export class EventQueue<Event extends QueuedEvent> {
  readonly #options: EventQueueOptions<Event>;
  readonly #queue: Event[] = [];
  #sending: Promise<void> | null = null;
  #dropped = 0;
  /** Aborted when the process ends and cannot wait any longer. */
  readonly #giveUp = new AbortController();

  constructor(options: EventQueueOptions<Event>) {
    this.#options = options;
  }

  add(event: Event): void {
    if (this.#queue.length < MAX_QUEUED_EVENTS) this.#queue.push(event);
    else this.#dropped += 1;
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when all events were delivered or failed. After `limitMs`, the rest fails. */
  async flush(limitMs: number): Promise<void> {
    const limit = setTimeout(() => this.#giveUp.abort(), limitMs);
    await this.#sending;
    clearTimeout(limit);
  }

  async #sendAll(): Promise<void> {
    const { batchSize, send, log } = this.#options;
    // Events that are added in the same tick leave as one batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      // When there is no time left, what is left fails together, with one line in the log.
      const batch = this.#queue.splice(0, this.#giveUp.signal.aborted ? MAX_QUEUED_EVENTS : batchSize);
      try {
        this.#giveUp.signal.throwIfAborted();
        await send(batch, signalWithin(CALL_TIMEOUT_MS, this.#giveUp.signal));
      } catch (error) {
        log.error({ err: error, eventIds: batch.map(({ id }) => id) }, 'events not delivered');
      }
      if (this.#dropped > 0) log.error({ dropped: this.#dropped }, 'events dropped: the queue is full');
      this.#dropped = 0;
    }
    this.#sending = null;
  }
}

/** A sink whose events wait in a queue. */
export interface QueuedSink extends EventSink {
  /** Resolves when all published events were delivered or failed. After `limitMs`, the rest fails. */
  flush(limitMs: number): Promise<void>;
}
