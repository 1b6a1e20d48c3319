import { isTokenValid } from '#domain/admin-tokens.ts';
import { ROLES } from '#domain/roles.ts';
import type { SessionRecord } from '#domain/sessions.ts';
import { hashSecret, isSameHash, SECRET_PATTERN, secretId } from '#domain/stream-ids.ts';
import type { SessionStore } from '#runtime/session-store.ts';
import { RecentRecords } from './recent-records.ts';
import type { TokenLookup } from './token-lookup.ts';

export interface SessionLookupOptions {
  readonly store: Pick<SessionStore, 'get'>;
  readonly tokens: Pick<TokenLookup, 'findById'>;
  readonly bootstrapHashes: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Looks up sessions by their secrets. */
export interface SessionLookup {
  /** Null unless the session is valid now. Rejects if the database does not answer. */
  find(secret: string): Promise<SessionRecord | null>;
  /** Whether a session was valid when this instance last looked it up, within the last hour. Reads nothing. */
  wasValid(sessionId: string): boolean;
  /** Removes a session from the cache. */
  forget(sessionId: string): void;
}

/** Creates a SessionLookup that reads each session, and its token, from the database at most once every `RECORD_CACHE_MS`. */
export function createSessionLookup({ store, tokens, bootstrapHashes, now }: SessionLookupOptions): SessionLookup {
  const records = new RecentRecords((id) => store.get(id), now);

  async function isValid({ expiresAtMs, role, token }: SessionRecord): Promise<boolean> {
    // A moment that is no number counts as past. A role that is unknown here may do nothing.
    if (!(now() < expiresAtMs)) return false;
    if (token === null) return role !== null && Object.hasOwn(ROLES, role);
    if (bootstrapHashes.some((hash) => secretId(hash) === token.id)) return true;
    const found = await tokens.findById(token.id);
    return found !== null && isTokenValid(found, now());
  }

  return {
    find: async (secret) => {
      if (!SECRET_PATTERN.test(secret)) return null;
      const hash = hashSecret(secret);
      const id = secretId(hash);
      const record = await records.get(id);
      const isFound = record !== null && isSameHash(record.secretHash, hash) && (await isValid(record));
      records.noteValidity(id, isFound);
      return isFound ? record : null;
    },
    wasValid: (sessionId) => records.wasValid(sessionId),
    forget: (sessionId) => records.forget(sessionId),
  };
}
