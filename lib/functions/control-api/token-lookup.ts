import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { type AdminTokenRecord, isTokenValid, LAST_USE_INTERVAL_MS } from '#domain/admin-tokens.ts';
import { hashSecret, isSameHash, SECRET_PATTERN, secretId } from '#domain/stream-ids.ts';
import type { AdminTokenStore } from '#runtime/admin-token-store.ts';

/** How long a token may still work after another instance of the function has revoked it, in milliseconds. */
export const TOKEN_CACHE_MS = 3_000;
/** How long a token is remembered as valid for limits. It is still looked up every `TOKEN_CACHE_MS`. */
const REMEMBERED_MS = 60 * 60 * 1000;
/** Bounds the caches, because every guessed token adds an entry. */
const CACHED_TOKENS_LIMIT = 1_000;

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
  /** Whether a token was valid when this instance last looked it up, within the last hour. Reads nothing. */
  wasValid(tokenId: string): boolean;
  /** Removes a token from the cache. */
  forget(tokenId: string): void;
}

/** Creates a TokenLookup that reads each token from the database at most once every `TOKEN_CACHE_MS`. */
export function createTokenLookup({ store, now, log }: TokenLookupOptions): TokenLookup {
  const cache = new LRUCache<string, { readonly record: AdminTokenRecord | null; readonly untilMs: number }>({
    max: CACHED_TOKENS_LIMIT,
  });
  /** When this instance last wrote down the use of a token, whether or not that worked. */
  const usesWrittenAtMs = new LRUCache<string, number>({ max: CACHED_TOKENS_LIMIT });

  /** When each token was last valid. Strangers add nothing here. */
  const validAtMs = new LRUCache<string, number>({ max: CACHED_TOKENS_LIMIT });

  async function read(id: string): Promise<AdminTokenRecord | null> {
    const cached = cache.get(id);
    if (cached !== undefined && cached.untilMs > now()) return cached.record;
    const untilMs = now() + TOKEN_CACHE_MS;
    const record = await store.get(id);
    cache.set(id, { record, untilMs });
    return record;
  }

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

  return {
    find: async (token) => {
      if (!SECRET_PATTERN.test(token)) return null;
      const hash = hashSecret(token);
      const record = await read(secretId(hash));
      if (record === null || !isSameHash(record.tokenHash, hash)) {
        validAtMs.delete(secretId(hash));
        return null;
      }
      if (!isTokenValid(record, now())) {
        validAtMs.delete(record.id);
        return record;
      }
      validAtMs.set(record.id, now());
      noteUse(record);
      return record;
    },
    wasValid: (tokenId) => now() - (validAtMs.get(tokenId) ?? Number.NEGATIVE_INFINITY) < REMEMBERED_MS,
    forget: (tokenId) => {
      cache.delete(tokenId);
      validAtMs.delete(tokenId);
    },
  };
}
