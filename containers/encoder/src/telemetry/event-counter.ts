import type { EventSink, HeadendEvent } from '#domain/events.ts';

/** Counts events by their type; one that stands for several counts as many. */
export class EventCounter implements EventSink {
  readonly #counts = new Map<HeadendEvent['type'], number>();

  publish(event: HeadendEvent): void {
    const times = event.type === 'stream.refused' ? (event.count ?? 1) : 1;
    this.#counts.set(event.type, this.count(event.type) + times);
  }

  /** How many there have been. */
  count(type: HeadendEvent['type']): number {
    return this.#counts.get(type) ?? 0;
  }
}
