import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { type AdminTokenRecord, isTokenValid, LAST_USE_INTERVAL_MS } from '#domain/admin-tokens.ts';
import { hashSecret, isSameHash, SECRET_PATTERN, secretId } from '#domain/stream-ids.ts';
import type { AdminTokenStore } from '#runtime/admin-token-store.ts';
import { RecentRecords } from './recent-records.ts';

/** How many tokens there are whose last use this instance remembers. */
const USED_TOKENS_LIMIT = 1_000;

export interface TokenLookupOptions {
  readonly store: Pick<AdminTokenStore, 'get' | 'recordUse'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Pick<Logger, 'warn'>;
}

/** Looks up the admin tokens that the API created. */
export interface TokenLookup {
  /**
   * The record of a token that the API created and nobody has revoked. It may have expired. Null if there is none.
   * Rejects if the database does not answer.
   */
  find(token: string): Promise<AdminTokenRecord | null>;
  /** The same for the id of a token, whose secret was shown before. */
  findById(tokenId: string): Promise<AdminTokenRecord | null>;
  /** Whether a token was valid when this instance last looked it up, within the last hour. Reads nothing. */
  wasValid(tokenId: string): boolean;
  /** Removes a token from the cache. */
  forget(tokenId: string): void;
}

/** Creates a TokenLookup that reads each token from the database at most once every `RECORD_CACHE_MS`. */
export function createTokenLookup({ store, now, log }: TokenLookupOptions): TokenLookup {
  const records = new RecentRecords((id) => store.get(id), now);
  /** When this instance last wrote down the use of a token, whether or not that worked. */
  const usesWrittenAtMs = new LRUCache<string, number>({ max: USED_TOKENS_LIMIT });

  /** No request waits for this or fails by it. */
  function noteUse({ id, lastUsedAtMs }: AdminTokenRecord): void {
    const nowMs = now();
    const notedAtMs = Math.max(lastUsedAtMs ?? Number.NEGATIVE_INFINITY, usesWrittenAtMs.get(id) ?? 0);
    if (nowMs - notedAtMs < LAST_USE_INTERVAL_MS) return;
    usesWrittenAtMs.set(id, nowMs);
    store
      .recordUse({ tokenId: id, nowMs })
      .catch((error: unknown) => log.warn({ err: error, tokenId: id }, 'the use of a token was not written down'));
  }

  function noted(id: string, record: AdminTokenRecord | null): AdminTokenRecord | null {
    const isValid = record !== null && isTokenValid(record, now());
    records.noteValidity(id, isValid);
    if (isValid) noteUse(record);
    return record;
  }

  return {
    find: async (token) => {
      if (!SECRET_PATTERN.test(token)) return null;
      const hash = hashSecret(token);
      const id = secretId(hash);
      const record = await records.get(id);
      return noted(id, record !== null && isSameHash(record.tokenHash, hash) ? record : null);
    },
    findById: async (id) => noted(id, await records.get(id)),
    wasValid: (tokenId) => records.wasValid(tokenId),
    forget: (tokenId) => records.forget(tokenId),
  };
}
