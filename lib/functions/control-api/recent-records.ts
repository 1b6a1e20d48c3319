import { LRUCache } from 'lru-cache';

/** How long a record may still be used after another instance of the function has removed it, in milliseconds. */
export const RECORD_CACHE_MS = 3_000;
/** How long something is remembered as valid for limits. It is still looked up every `RECORD_CACHE_MS`. */
const REMEMBERED_MS = 60 * 60 * 1000;
/** Bounds the caches, because every guessed secret adds an entry. */
const CACHED_RECORDS_LIMIT = 1_000;

/** Records by id, each read from the database at most once every `RECORD_CACHE_MS`. */
export class RecentRecords<Read> {
  readonly #read: (id: string) => Promise<Read | null>;
  readonly #now: () => number;
  readonly #cache = new LRUCache<string, { readonly record: Read | null; readonly untilMs: number }>({
    max: CACHED_RECORDS_LIMIT,
  });
  /** When each was last valid. Strangers add nothing here. */
  readonly #validAtMs = new LRUCache<string, number>({ max: CACHED_RECORDS_LIMIT });

  /** `now` is milliseconds since 1970. */
  constructor(read: (id: string) => Promise<Read | null>, now: () => number) {
    this.#read = read;
    this.#now = now;
  }

  /** Null if there is none. Rejects if the database does not answer. */
  async get(id: string): Promise<Read | null> {
    const cached = this.#cache.get(id);
    if (cached !== undefined && cached.untilMs > this.#now()) return cached.record;
    const untilMs = this.#now() + RECORD_CACHE_MS;
    const record = await this.#read(id);
    this.#cache.set(id, { record, untilMs });
    return record;
  }

  /** Notes whether what has this id was valid just now. */
  noteValidity(id: string, isValid: boolean): void {
    if (isValid) this.#validAtMs.set(id, this.#now());
    else this.#validAtMs.delete(id);
  }

  /** Whether it was valid when this instance last looked, within the last hour. Reads nothing. */
  wasValid(id: string): boolean {
    return this.#now() - (this.#validAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < REMEMBERED_MS;
  }

  /** Reads it anew next time. */
  forget(id: string): void {
    this.#cache.delete(id);
    this.#validAtMs.delete(id);
  }
}
