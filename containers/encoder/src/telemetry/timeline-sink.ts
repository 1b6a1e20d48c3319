import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { HeadendEvent, TimelineEvent } from '#domain/events.ts';
import { TokenBucket } from '#domain/token-bucket.ts';
import type { TimelineStore } from '#runtime/timeline-store.ts';
import { EventQueue, type QueuedSink } from './event-queue.ts';

/**
 * Refusals of one stream that are stored. Software that is refused tries again every few seconds, for hours, and a timeline of that
 * alone would be no help. Nobody may fill the table either, who has a key and is refused at many addresses.
 */
const STORED_REFUSALS = { perSecond: 1 / 60, capacity: 10 };
/** The streams that were refused least recently are forgotten beyond this. */
const MAX_REFUSED_STREAMS = 1_000;

type StoredRefusal = Extract<TimelineEvent, { type: 'stream.refused' }>;

/** The refusals of a stream. */
interface RefusedStream {
  readonly bucket: TokenBucket;
  /** Refusals since the last one that was stored. */
  leftOut: number;
}

export interface TimelineSinkOptions {
  readonly store: Pick<TimelineStore, 'add'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Stores what happens to streams, one event after the other. One that fails is logged and not repeated. */
export class TimelineSink implements QueuedSink {
  readonly #now: () => number;
  readonly #queue: EventQueue<TimelineEvent>;
  readonly #refused = new LRUCache<string, RefusedStream>({ max: MAX_REFUSED_STREAMS });

  constructor({ store, now, log }: TimelineSinkOptions) {
    this.#now = now;
    this.#queue = new EventQueue({
      batchSize: 1,
      send: async ([event], signal) => {
        if (event !== undefined) await store.add(event, signal);
      },
      log,
    });
  }

  /** What is about no stream has no timeline: keys that nobody has, above all. */
  publish(event: HeadendEvent): void {
    if (event.type === 'api.changed' || event.streamId === null) return;
    const { streamId } = event;
    const stored = event.type === 'stream.refused' ? this.#limit({ ...event, streamId }) : { ...event, streamId };
    if (stored !== null) this.#queue.add(stored);
  }

  flush(limitMs: number): Promise<void> {
    return this.#queue.flush(limitMs);
  }

  /** The refusal with all that were left out before it. Null if it is left out itself. */
  #limit(refusal: StoredRefusal): StoredRefusal | null {
    const { streamId, count = 1 } = refusal;
    const known = this.#refused.get(streamId);
    const stream = known ?? { bucket: new TokenBucket({ ...STORED_REFUSALS, now: this.#now }), leftOut: 0 };
    if (known === undefined) this.#refused.set(streamId, stream);
    const refusals = stream.leftOut + count;
    const isStored = stream.bucket.take(1);
    stream.leftOut = isStored ? 0 : refusals;
    if (!isStored) return null;
    return refusals === 1 ? refusal : { ...refusal, count: refusals };
  }
}
