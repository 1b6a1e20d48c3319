import type { Logger } from 'pino';
import type { EmitEvent, EventSink, HeadendEvent } from '#domain/events.ts';
import { generateId, type RandomBytes } from '#domain/stream-ids.ts';

export interface EmitterOptions {
  readonly sinks: readonly EventSink[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
}

/** Returns a function that gives each event an id and a time and passes it to every sink. */
export function createEmitter({ sinks, now, randomBytes }: EmitterOptions): EmitEvent {
  return (body) => {
    const event = { ...body, id: generateId(randomBytes), time: new Date(now()).toISOString() };
    for (const sink of sinks) sink.publish(event);
  };
}

/** Writes one log line per event, whatever the log level of other lines. */
export function createLogSink(log: Logger): EventSink {
  const eventLog = log.child({}, { level: 'info' });
  return { publish: (event) => eventLog.info({ event }, event.type) };
}

/** Counts events by type. An event that stands for several refusals counts as that many. */
export class EventCounter implements EventSink {
  readonly #counts = new Map<HeadendEvent['type'], number>();

  publish(event: HeadendEvent): void {
    const times = event.type === 'stream.refused' ? (event.count ?? 1) : 1;
    this.#counts.set(event.type, this.count(event.type) + times);
  }

  /** How many events of this type there were. */
  count(type: HeadendEvent['type']): number {
    return this.#counts.get(type) ?? 0;
  }
}
