import type { Context } from 'hono';
import { type AdminTokenRecord, isTokenValid, UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import { hashSecret, isSameHash, secretId } from '#domain/stream-ids.ts';
import type { Caller } from './caller.ts';
import { ProblemError } from './problem.ts';
import type { TokenLookup } from './token-lookup.ts';

const BEARER_PATTERN = /^Bearer +(\S+)$/i;

/** What bootstrap tokens are called. They have no record. */
const BOOTSTRAP_NAME = 'bootstrap';

/** The bearer token of a request (RFC 6750), or null. */
export const bearerToken = (context: Context): string | null =>
  BEARER_PATTERN.exec(context.req.header('Authorization') ?? '')?.[1] ?? null;

/** Whether a hash is that of a bootstrap token. Compares with all, so that the time does not reveal which one matched. */
export const isBootstrap = (hash: string, bootstrapHashes: readonly string[]): boolean =>
  bootstrapHashes.filter((known) => isSameHash(known, hash)).length > 0;

/** The admin tokens that open the API: the bootstrap tokens, and those that the API created. */
export interface AdminTokens {
  readonly bootstrapHashes: readonly string[];
  readonly lookup: Pick<TokenLookup, 'find'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Finds out whose token a request has. Throws a 401 without a valid one. */
export async function authenticate(context: Context, { bootstrapHashes, lookup, now }: AdminTokens): Promise<Caller> {
  const token = bearerToken(context);
  if (token === null) throw unauthorized('Send an admin token: "Authorization: Bearer <token>".', 'Bearer');
  const hash = hashSecret(token);
  if (isBootstrap(hash, bootstrapHashes)) {
    return tokenCaller({ ...UNLIMITED_TOKEN, id: secretId(hash), name: BOOTSTRAP_NAME });
  }
  const record = await lookup.find(token);
  if (record === null) throw unauthorized('This admin token is not valid.', 'Bearer error="invalid_token"');
  if (!isTokenValid(record, now())) {
    throw unauthorized('This admin token has expired.', 'Bearer error="invalid_token"');
  }
  return tokenCaller(record);
}

const tokenCaller = ({
  id,
  name,
  scope,
  streamId,
}: Pick<AdminTokenRecord, 'id' | 'name' | 'scope' | 'streamId'>): Caller => ({
  ...{ id, name, scope },
  reach: streamId === null ? { kind: 'all' } : { kind: 'stream', streamId },
  person: null,
});

const unauthorized = (detail: string, challenge: string): ProblemError =>
  new ProblemError({ status: 401, detail, headers: { 'WWW-Authenticate': challenge } });
