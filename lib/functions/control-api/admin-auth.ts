import type { Context, MiddlewareHandler } from 'hono';
import { hashSecret, isSameHash } from '#domain/stream-ids.ts';
import { problemResponse } from './problem.ts';

const BEARER_PATTERN = /^Bearer +(\S+)$/i;

/** The bearer token of a request (RFC 6750), or null. */
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
