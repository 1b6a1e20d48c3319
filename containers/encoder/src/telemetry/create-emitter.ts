import type { EmitEvent, EventSink } from '#domain/events.ts';
import { generateId, type RandomBytes } from '#domain/stream-ids.ts';

export interface EmitterOptions {
  readonly sinks: readonly EventSink[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
}

/** Gives each event its id and time and hands it to every sink. */
export function createEmitter({ sinks, now, randomBytes }: EmitterOptions): EmitEvent {
  return (body) => {
    const event = { ...body, id: generateId(randomBytes), time: new Date(now()).toISOString() };
    for (const sink of sinks) sink.publish(event);
  };
}
