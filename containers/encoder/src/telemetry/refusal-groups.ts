import type { EmitEvent, EventBody } from '#domain/events.ts';

type Refusal = Extract<EventBody, { type: 'stream.refused' }>;

/** The refusals of one kind since the last event about them. */
interface Group {
  readonly timer: NodeJS.Timeout;
  latest: Refusal;
  collected: number;
}

export interface RefusalGroupsOptions {
  readonly emit: EmitEvent;
  /** How long refusals of a kind are collected after an event about them. */
  readonly intervalMs: number;
}

/** More kinds at once come from an attack with many addresses. They share one more group. */
const MAX_GROUPS = 100;
const OTHERS = 'others';

/**
 * Forwards events, but groups refusals of the same address, stream and code. The first one is forwarded at once, later
 * ones as one event per interval that counts them. An attacker who tries thousands of keys must not keep other events
 * from the bus.
 */
export class RefusalGroups {
  readonly #options: RefusalGroupsOptions;
  readonly #groups = new Map<string, Group>();

  constructor(options: RefusalGroupsOptions) {
    this.#options = options;
  }

  readonly emit: EmitEvent = (event) => {
    if (event.type === 'stream.refused') this.#add(event);
    else this.#options.emit(event);
  };

  /** Forwards everything that was collected. */
  flush(): void {
    for (const key of [...this.#groups.keys()]) this.#forward(key);
    for (const { timer } of this.#groups.values()) clearTimeout(timer);
    this.#groups.clear();
  }

  #add(refusal: Refusal): void {
    const key = this.#keyOf(refusal);
    const group = this.#groups.get(key);
    if (group === undefined) {
      this.#options.emit(refusal);
      this.#groups.set(key, { timer: this.#startTimer(key), latest: refusal, collected: 0 });
    } else {
      group.latest = refusal;
      group.collected++;
    }
  }

  #keyOf({ sourceAddress, streamId, code }: Refusal): string {
    const key = `${sourceAddress} ${streamId} ${code}`;
    return this.#groups.has(key) || this.#groups.size < MAX_GROUPS ? key : OTHERS;
  }

  /** A group that collects nothing during an interval is deleted. */
  #startTimer(key: string): NodeJS.Timeout {
    const timer = setInterval(() => {
      if (this.#forward(key)) return;
      clearInterval(timer);
      this.#groups.delete(key);
    }, this.#options.intervalMs);
    return timer.unref();
  }

  /** Returns false if nothing was collected. */
  #forward(key: string): boolean {
    const group = this.#groups.get(key);
    if (group === undefined || group.collected === 0) return false;
    this.#options.emit({ ...group.latest, count: group.collected });
    group.collected = 0;
    return true;
  }
}
