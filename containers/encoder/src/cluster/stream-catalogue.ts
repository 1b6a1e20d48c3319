import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { StoreUnavailableError } from '#runtime/store-unavailable.ts';
import type { CataloguedStream, StreamIndex } from '#runtime/stream-index.ts';
import { StoreLookups } from './store-lookups.ts';

/** How soon viewers see another title, in milliseconds. */
const KNOWN_MS = 5_000;
/** How soon they see that a stream was made. Until then, thousands who ask for an id that nobody has cost one look-up. */
const UNKNOWN_MS = 1_000;
/** A viewer chooses the playback ids that it asks for. This bounds what that costs in memory. */
const MAX_STREAMS = 10_000;
/** Longer than a look-up takes, and hardly noticed by a viewer. */
const SLOW_MS = 250;
const MESSAGES = {
  unreached: 'titles not looked up; the last known ones are told',
  reached: 'titles can be looked up again',
};

interface CatalogueEntry {
  /** Null if no stream has the playback id. */
  readonly stream: CataloguedStream | null;
}

export interface StreamCatalogueOptions {
  readonly index: StreamIndex;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Which playback ids were given out, and what their streams are called. Look-ups of the same id are one. */
export class StreamCatalogue {
  readonly #entries: LRUCache<string, CatalogueEntry>;

  constructor({ index, now, log }: StreamCatalogueOptions) {
    const lookups = new StoreLookups({ messages: MESSAGES, log });
    this.#entries = new LRUCache<string, CatalogueEntry>({
      max: MAX_STREAMS,
      ttl: KNOWN_MS,
      perf: { now },
      ttlResolution: 0,
      noDeleteOnFetchRejection: true,
      noDeleteOnStaleGet: true,
      fetchMethod: async (playbackId, former, { options }) => {
        // What did not exist then may exist by now.
        options.allowStaleOnFetchRejection = former?.stream !== null;
        const stream = await lookups.run(() => index.find(playbackId));
        options.ttl = stream === null ? UNKNOWN_MS : KNOWN_MS;
        return { stream };
      },
    });
  }

  /** The stream of a playback id; null if there is none. Rejects with a StoreUnavailableError if that is not known. */
  async find(playbackId: string): Promise<CataloguedStream | null> {
    const entry = await this.#entries.fetch(playbackId);
    if (entry === undefined) throw new StoreUnavailableError('the store was not reached, and the stream is not known');
    return entry.stream;
  }

  /**
   * What is known of a stream. If it has to be looked up and the store is slow, or does not answer, that is what was known before: a
   * live stream does not need the store. Null if there was none. Never rejects.
   */
  async known(playbackId: string): Promise<CataloguedStream | null | undefined> {
    const waiting = new AbortController();
    // Why a look-up fails is in the log, and `find` tells it.
    const lookUp = this.#entries.fetch(playbackId).catch(() => undefined);
    const limit = pause(SLOW_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([lookUp, limit]);
    waiting.abort();
    return this.#entries.peek(playbackId, { allowStale: true })?.stream;
  }
}
