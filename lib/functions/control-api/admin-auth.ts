import type { Context, MiddlewareHandler } from 'hono';
import { hashSecret, isSameHash } from '#domain/stream-ids.ts';
import { problemResponse } from './problem.ts';

const BEARER_PATTERN = /^Bearer +(\S+)$/i;

/** The bearer token of a request (RFC 6750), or null. */
export const bearerToken = (context: Context): string | null =>
  BEARER_PATTERN.exec(context.req.header('Authorization') ?? '')?.[1] ?? null;

/** Who may use the API: holders of a token with one of these hashes, or of one that was made by the API. */
export interface AdminTokens {
  readonly bootstrapHashes: readonly string[];
  /** Whether a token was made and not revoked. */
  readonly isKnown: (token: string) => Promise<boolean>;
}

/** Lets requests with an admin token as bearer token pass; all others get a 401. */
export function requireAdmin({ bootstrapHashes, isKnown }: AdminTokens): MiddlewareHandler {
  return async (context, next) => {
    const token = bearerToken(context);
    if (token === null) return refuse('Send an admin token: "Authorization: Bearer <token>".', 'Bearer');
    const hash = hashSecret(token);
    // All are compared, so that the time taken doesn't tell which one matched.
    const isBootstrap = bootstrapHashes.filter((known) => isSameHash(known, hash)).length > 0;
    if (isBootstrap || (await isKnown(token))) return next();
    return refuse('This admin token is not valid.', 'Bearer error="invalid_token"');
  };
}

const refuse = (detail: string, challenge: string): Response =>
  problemResponse({ status: 401, detail, headers: { 'WWW-Authenticate': challenge } });
