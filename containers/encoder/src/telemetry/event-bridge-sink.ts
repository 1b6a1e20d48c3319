import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { Logger } from 'pino';
import type { HeadendEvent } from '#domain/events.ts';
import { PUT_EVENTS_LIMIT, putEvents } from '#runtime/put-events.ts';
import { EventQueue, type QueuedSink } from './event-queue.ts';

export interface EventBridgeSinkOptions {
  readonly client: Pick<EventBridgeClient, 'send'>;
  /** Name or ARN of the bus. */
  readonly eventBusName: string;
  readonly log: Logger;
}

/** Sends events to an EventBridge bus in order, in batches. A batch that fails is logged and not retried. */
export class EventBridgeSink implements QueuedSink {
  readonly #queue: EventQueue<HeadendEvent>;

  constructor({ log, ...bus }: EventBridgeSinkOptions) {
    this.#queue = new EventQueue({
      batchSize: PUT_EVENTS_LIMIT,
      send: async (batch, signal) => {
        for (const failure of await putEvents(bus, batch, signal)) log.error(failure, 'event not delivered');
      },
      log,
    });
  }

  publish(event: HeadendEvent): void {
    this.#queue.add(event);
  }

  flush(limitMs: number): Promise<void> {
    return this.#queue.flush(limitMs);
  }
}
