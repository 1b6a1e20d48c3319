import type { Context, MiddlewareHandler } from 'hono';
import { hashSecret, isSameHash } from '#domain/stream-ids.ts';
import { problemResponse } from './problem.ts';

const HASH_PATTERN = /^[0-9a-f]{64}$/;
const BEARER_PATTERN = /^Bearer +(\S+)$/i;

/**
 * Parses a comma-separated list of bootstrap token hashes. Throws if the list is empty or an entry is not 64 hex
 * digits.
 */
export function parseTokenHashes(list: string): readonly string[] {
  const hashes = list.split(',').map((hash) => hash.trim());
  if (!hashes.every((hash) => HASH_PATTERN.test(hash))) {
    throw new Error('ADMIN_TOKEN_HASHES must be SHA-256 hashes in lower-case hex, separated by commas');
  }
  return hashes;
}

/** The bearer token of a request (RFC 6750). Null if there is none. */
export const bearerToken = (context: Context): string | null =>
  BEARER_PATTERN.exec(context.req.header('Authorization') ?? '')?.[1] ?? null;

/** The admin tokens that open the API: the bootstrap tokens, and those that the API created. */
export interface AdminTokens {
  readonly bootstrapHashes: readonly string[];
  /** Whether the API created a token and it is not revoked. */
  readonly isKnown: (token: string) => Promise<boolean>;
}

/** Passes requests whose bearer token is an admin token. All others get a 401. */
export function requireAdmin({ bootstrapHashes, isKnown }: AdminTokens): MiddlewareHandler {
  return async (context, next) => {
    const token = bearerToken(context);
    if (token === null) return refuse('Send an admin token: "Authorization: Bearer <token>".', 'Bearer');
    const hash = hashSecret(token);
    // Compares with all hashes, so that the response time does not reveal which one matched.
    const isBootstrap = bootstrapHashes.filter((known) => isSameHash(known, hash)).length > 0;
    if (isBootstrap || (await isKnown(token))) return next();
    return refuse('This admin token is not valid.', 'Bearer error="invalid_token"');
  };
}

const refuse = (detail: string, challenge: string): Response =>
  problemResponse({ status: 401, detail, headers: { 'WWW-Authenticate': challenge } });
