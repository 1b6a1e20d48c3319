import { hashSecret, isSameHash, SECRET_PATTERN, secretId } from '#domain/stream-ids.ts';
import type { AdminTokenStore } from '#runtime/admin-token-store.ts';

/** For so long a token that was revoked through another instance of the function may still be taken, in milliseconds. */
export const TOKEN_CACHE_MS = 3_000;
/** A stranger who tries tokens fills the cache with them: oldest out first. */
const CACHED_TOKENS_LIMIT = 1_000;

/** Tells whether a token was made by the API and not revoked. */
export interface TokenLookup {
  /** Rejects where the database does not answer. */
  isKnown(token: string): Promise<boolean>;
  /** What was known of a token, by its id, counts no more. */
  forget(tokenId: string): void;
}

/** A TokenLookup that asks the database at most once in 3 s for a token. */
export function createTokenLookup(store: Pick<AdminTokenStore, 'get'>, now: () => number): TokenLookup {
  const cache = new Map<string, { readonly tokenHash: string | null; readonly untilMs: number }>();

  async function readHash(id: string): Promise<string | null> {
    const cached = cache.get(id);
    if (cached !== undefined && cached.untilMs > now()) return cached.tokenHash;
    const untilMs = now() + TOKEN_CACHE_MS;
    const tokenHash = (await store.get(id))?.tokenHash ?? null;
    cache.delete(id);
    cache.set(id, { tokenHash, untilMs });
    const [oldest] = cache.keys();
    if (cache.size > CACHED_TOKENS_LIMIT && oldest !== undefined) cache.delete(oldest);
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
