import { LRUCache } from 'lru-cache';
import { hashSecret, isSameHash, SECRET_PATTERN, secretId } from '#domain/stream-ids.ts';
import type { AdminTokenStore } from '#runtime/admin-token-store.ts';

/** How long a token may still work after another instance of the function has revoked it, in milliseconds. */
export const TOKEN_CACHE_MS = 3_000;
/** Bounds the cache, because every guessed token adds an entry. */
const CACHED_TOKENS_LIMIT = 1_000;

/** Looks up the admin tokens that the API created. */
export interface TokenLookup {
  /** Whether the API created a token and it is not revoked. Rejects if the database does not answer. */
  isKnown(token: string): Promise<boolean>;
  /** Removes a token from the cache. */
  forget(tokenId: string): void;
}

/** Creates a TokenLookup that reads each token from the database at most once every `TOKEN_CACHE_MS`. */
export function createTokenLookup(store: Pick<AdminTokenStore, 'get'>, now: () => number): TokenLookup {
  const cache = new LRUCache<string, { readonly tokenHash: string | null; readonly untilMs: number }>({
    max: CACHED_TOKENS_LIMIT,
  });

  async function readHash(id: string): Promise<string | null> {
    const cached = cache.get(id);
    if (cached !== undefined && cached.untilMs > now()) return cached.tokenHash;
    const untilMs = now() + TOKEN_CACHE_MS;
    const tokenHash = (await store.get(id))?.tokenHash ?? null;
    cache.set(id, { tokenHash, untilMs });
    return tokenHash;
  }

  return {
    isKnown: async (token) => {
      if (!SECRET_PATTERN.test(token)) return false;
      const hash = hashSecret(token);
      const known = await readHash(secretId(hash));
      return known !== null && isSameHash(known, hash);
    },
    forget: (tokenId) => cache.delete(tokenId),
  };
}
