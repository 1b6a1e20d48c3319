import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EVENT_SOURCE, type HeadendEvent } from '#domain/events.ts';

/** PutEvents accepts at most this many entries per call (EventBridge API reference). */
export const PUT_EVENTS_LIMIT = 10;

/** An EventBridge bus, by its name or ARN. */
export interface EventBusAccess {
  readonly client: Pick<EventBridgeClient, 'send'>;
  readonly eventBusName: string;
}

/** An event that EventBridge did not take, and why. */
export interface UndeliveredEvent {
  readonly eventId: string | undefined;
  readonly code: string;
  readonly reason: string | undefined;
}

/** Sends up to `PUT_EVENTS_LIMIT` events. Resolves to those that failed. Rejects if the call fails, or if `signal` aborts. */
export async function putEvents(
  { client, eventBusName }: EventBusAccess,
  events: readonly HeadendEvent[],
  signal: AbortSignal,
): Promise<readonly UndeliveredEvent[]> {
  const entries = events.map((event) => ({
    EventBusName: eventBusName,
    Source: EVENT_SOURCE,
    DetailType: event.type,
    Time: new Date(event.time),
    Detail: JSON.stringify(event),
  }));
  const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: entries }), { abortSignal: signal });
  return Entries.flatMap(({ ErrorCode: code, ErrorMessage: reason }, index) =>
    code === undefined ? [] : [{ eventId: events[index]?.id, code, reason }],
  );
}
