import type { Context } from 'hono';
import { type AdminTokenRecord, isTokenValid, UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import { ROLES, type RoleName } from '#domain/roles.ts';
import type { SessionRecord } from '#domain/sessions.ts';
import { hashSecret, isSameHash, secretId } from '#domain/stream-ids.ts';
import type { Caller, Reach } from './caller.ts';
import { ProblemError } from './problem.ts';
import type { SessionLookup } from './session-lookup.ts';
import type { TokenLookup } from './token-lookup.ts';

/** What bootstrap tokens are called. They have no record. */
const BOOTSTRAP_NAME = 'bootstrap';

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

/** Everybody who may call the API. */
export interface KnownCallers extends AdminTokens {
  readonly sessions: Pick<SessionLookup, 'find'>;
}

/** A valid admin token, without its secret. */
export type ValidToken = Pick<AdminTokenRecord, 'id' | 'name' | 'scope' | 'streamId' | 'expiresAtMs'>;

/** Finds out who has sent a request. Throws a 401 without a valid token or session. */
export async function authenticate(context: Context, known: KnownCallers): Promise<Caller> {
  const credential = context.get('credential');
  if (credential === null) {
    throw unauthorized('Send an admin token ("Authorization: Bearer <token>"), or sign in.', 'Bearer');
  }
  if (credential.kind === 'token') return tokenCaller(await authenticateToken(credential.secret, known));
  const session = await known.sessions.find(credential.secret);
  if (session === null) throw unauthorized('You are signed out: this session has ended. Sign in again.', 'Bearer');
  return sessionCaller(session);
}

/** Throws a 401 unless the token is valid. */
export async function authenticateToken(
  token: string,
  { bootstrapHashes, lookup, now }: AdminTokens,
): Promise<ValidToken> {
  const hash = hashSecret(token);
  if (isBootstrap(hash, bootstrapHashes)) return { ...UNLIMITED_TOKEN, id: secretId(hash), name: BOOTSTRAP_NAME };
  const record = await lookup.find(token);
  if (record === null) throw unauthorized('This admin token is not valid.', 'Bearer error="invalid_token"');
  if (!isTokenValid(record, now())) {
    throw unauthorized('This admin token has expired.', 'Bearer error="invalid_token"');
  }
  return record;
}

const tokenCaller = ({ id, name, scope, streamId }: ValidToken): Caller => ({
  ...{ id, name, scope },
  reach: streamReach(streamId),
  person: null,
  session: null,
});

/** Who calls by a session: a person with a role, or somebody with an admin token. */
export function sessionCaller(session: SessionRecord): Caller {
  const { id, name, role, personId, token } = session;
  const person = personId === null ? null : { id: personId, name };
  if (token !== null) return { id, name, scope: token.scope, reach: streamReach(token.streamId), person, session };
  if (role === null || person === null) throw new Error(`the session ${id} is nobody's`);
  return { id, name, scope: ROLES[role].scope, reach: roleReach(role, person.id), person, session };
}

const streamReach = (streamId: string | null): Reach =>
  streamId === null ? { kind: 'all' } : { kind: 'stream', streamId };

const roleReach = (role: RoleName, personId: string): Reach =>
  ROLES[role].streams === 'all' ? { kind: 'all' } : { kind: 'person', personId };

/** A 401 with a challenge (RFC 9110, 15.5.2). */
export const unauthorized = (detail: string, challenge: string): ProblemError =>
  new ProblemError({ status: 401, detail, headers: { 'WWW-Authenticate': challenge } });
