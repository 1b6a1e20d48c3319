import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { HeldStream } from '#domain/streams.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import { StoreUnavailableError } from '#runtime/store-unavailable.ts';
import { StoreLookups } from './store-lookups.ts';

/** How long an owner is trusted without a look-up, in milliseconds. A wrong one says so itself, and then the store is asked again. */
const KNOWN_MS = 1_000;
/** A stream that begins is found within this time. */
export const UNKNOWN_MS = 500;
/** A viewer chooses the playback ids that it asks for. This bounds what that costs in memory. */
const MAX_STREAMS = 10_000;

const MESSAGES = {
  unreached: 'owners not looked up; the last known ones are asked',
  reached: 'owners can be looked up again',
};

/** The answer of the store. Null if no task holds the stream. */
interface KnownOwner {
  readonly held: HeldStream | null;
}

export interface OwnerDirectoryOptions {
  readonly store: Pick<LiveStore, 'findHeld'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Which task holds which stream, by playback id. Look-ups of the same id are one. While the store can't be reached, the last known
 * owner is returned. An owner with a lower epoch than one that was known is never returned.
 */
export class OwnerDirectory {
  readonly #options: OwnerDirectoryOptions;
  readonly #entries: LRUCache<string, KnownOwner>;
  readonly #lookups: StoreLookups;

  constructor(options: OwnerDirectoryOptions) {
    this.#options = options;
    this.#lookups = new StoreLookups({ messages: MESSAGES, log: options.log });
    this.#entries = new LRUCache<string, KnownOwner>({
      max: MAX_STREAMS,
      ttl: KNOWN_MS,
      perf: { now: options.now },
      noDeleteOnFetchRejection: true,
      noDeleteOnStaleGet: true,
      fetchMethod: async (playbackId, former, { options: entryOptions }) => {
        // Somebody may hold by now what nobody held then.
        entryOptions.allowStaleOnFetchRejection = former?.held !== null;
        const entry = await this.#lookUp(playbackId, former);
        entryOptions.ttl = entry.held === null ? UNKNOWN_MS : KNOWN_MS;
        return entry;
      },
    });
  }

  /**
   * The holder as far as known. A known one is returned at once, and looked up in the background when it is older than a second.
   * Rejects with a StoreUnavailableError if nothing is known.
   */
  async find(playbackId: string): Promise<HeldStream | null> {
    return this.#heldOf(await this.#entries.fetch(playbackId, { allowStale: this.isHeld(playbackId) }));
  }

  /** Asks the store now, or takes the answer of a look-up that is under way. Rejects as `find` does. */
  async refresh(playbackId: string): Promise<HeldStream | null> {
    return this.#heldOf(await this.#entries.fetch(playbackId, { forceRefresh: true }));
  }

  /** Whether a task holds the stream, as far as known without a look-up. */
  isHeld(playbackId: string): boolean {
    return (this.#entries.peek(playbackId, { allowStale: true })?.held ?? null) !== null;
  }

  /** Whether `find` says, without a look-up, that nobody holds the stream. */
  remembersNobody(playbackId: string): boolean {
    return this.#entries.peek(playbackId)?.held === null;
  }

  #heldOf(entry: KnownOwner | undefined): HeldStream | null {
    if (entry === undefined) throw new StoreUnavailableError('the store was not reached, and no owner is known');
    return entry.held;
  }

  async #lookUp(playbackId: string, former: KnownOwner | undefined): Promise<KnownOwner> {
    const held = await this.#lookups.run(() => this.#options.store.findHeld(playbackId));
    const isOld = (former?.held?.epoch ?? 0) > (held?.epoch ?? Number.POSITIVE_INFINITY);
    return isOld && former !== undefined ? former : { held };
  }
}
