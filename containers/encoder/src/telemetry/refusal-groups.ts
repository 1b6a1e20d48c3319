import type { EmitEvent, EventBody } from '#domain/events.ts';

type Refusal = Extract<EventBody, { type: 'stream.refused' }>;

/** Refusals of one kind since the last event about them. */
interface Group {
  readonly timer: NodeJS.Timeout;
  latest: Refusal;
  untold: number;
}

export interface RefusalGroupsOptions {
  readonly emit: EmitEvent;
  /** For so long after an event about refusals of a kind the next ones are gathered. */
  readonly intervalMs: number;
}

/** More kinds at once are somebody who tries many addresses: all of them together are one more. */
const MAX_GROUPS = 100;

/**
 * Hands events on, but publishes that are refused alike (the same address, stream and code) are one event at once and then
 * one for each interval, which counts them: somebody who tries keys by the thousand must not keep other events from the bus.
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

  /** Tells at once what was gathered. */
  flush(): void {
    for (const key of [...this.#groups.keys()]) this.#tell(key);
    for (const { timer } of this.#groups.values()) clearTimeout(timer);
    this.#groups.clear();
  }

  #add(refusal: Refusal): void {
    const key = this.#keyOf(refusal);
    const group = this.#groups.get(key);
    if (group === undefined) {
      this.#options.emit(refusal);
      this.#groups.set(key, { timer: this.#startTimer(key), latest: refusal, untold: 0 });
    } else {
      group.latest = refusal;
      group.untold++;
    }
  }

  #keyOf({ sourceAddress, streamId, code }: Refusal): string {
    const key = `${sourceAddress} ${streamId} ${code}`;
    return this.#groups.has(key) || this.#groups.size < MAX_GROUPS ? key : OTHERS;
  }

  /** A group without news for an interval is gone. */
  #startTimer(key: string): NodeJS.Timeout {
    const timer = setInterval(() => {
      if (this.#tell(key)) return;
      clearInterval(timer);
      this.#groups.delete(key);
    }, this.#options.intervalMs);
    return timer.unref();
  }

  /** False where there is nothing to tell. */
  #tell(key: string): boolean {
    const group = this.#groups.get(key);
    if (group === undefined || group.untold === 0) return false;
    this.#options.emit({ ...group.latest, count: group.untold });
    group.untold = 0;
    return true;
  }
}

const OTHERS = 'others';
