import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { Logger } from 'pino';
import type { EventSink, HeadendEvent } from '#domain/events.ts';
import { PUT_EVENTS_LIMIT, putEvents } from '#runtime/put-events.ts';
import { signalWithin } from '#runtime/signal-within.ts';

/** The queue only fills while EventBridge does not answer or during an attack. Then the newest events are dropped. */
const MAX_QUEUED_EVENTS = 1_000;
/** For one call, including the SDK's retries. */
const CALL_TIMEOUT_MS = 5_000;

export interface EventBridgeSinkOptions {
  readonly client: Pick<EventBridgeClient, 'send'>;
  /** Name or ARN of the bus. */
  readonly eventBusName: string;
  readonly log: Logger;
}

/** Sends events to an EventBridge bus in order, in batches. A batch that fails is logged and not retried. */
export class EventBridgeSink implements EventSink {
  readonly #options: EventBridgeSinkOptions;
  readonly #queue: HeadendEvent[] = [];
  #sending: Promise<void> | null = null;
  #dropped = 0;
  /** Aborted when the process ends and cannot wait any longer. */
  readonly #giveUp = new AbortController();

  constructor(options: EventBridgeSinkOptions) {
    this.#options = options;
  }

  publish(event: HeadendEvent): void {
    if (this.#queue.length < MAX_QUEUED_EVENTS) this.#queue.push(event);
    else this.#dropped += 1;
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when all published events were delivered or failed. After `limitMs`, the rest fails. */
  async flush(limitMs: number): Promise<void> {
    const limit = setTimeout(() => this.#giveUp.abort(), limitMs);
    await this.#sending;
    clearTimeout(limit);
  }

  async #sendAll(): Promise<void> {
    // Events that are published in the same tick leave as one batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, PUT_EVENTS_LIMIT);
      try {
        await this.#send(batch);
      } catch (error) {
        this.#options.log.error({ err: error, eventIds: batch.map(({ id }) => id) }, 'events not delivered');
      }
      if (this.#dropped > 0) this.#options.log.error({ dropped: this.#dropped }, 'events dropped: the queue is full');
      this.#dropped = 0;
    }
    this.#sending = null;
  }

  async #send(batch: readonly HeadendEvent[]): Promise<void> {
    const { log, ...bus } = this.#options;
    const signal = signalWithin(CALL_TIMEOUT_MS, this.#giveUp.signal);
    for (const failure of await putEvents(bus, batch, signal)) log.error(failure, 'event not delivered');
  }
}
