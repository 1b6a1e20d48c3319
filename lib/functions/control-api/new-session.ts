import type { Context } from 'hono';
import type { SessionRecord } from '#domain/sessions.ts';
import { generateSecret, hashSecret, type RandomBytes, secretId } from '#domain/stream-ids.ts';
import type { SessionStore } from '#runtime/session-store.ts';
import { sessionCaller } from './admin-auth.ts';
import { noteChange, sessionFields } from './audit-notes.ts';
import type { HostCookie } from './host-cookie.ts';

/** What it takes to sign somebody in. */
export interface SessionDependencies {
  readonly sessions: Pick<SessionStore, 'put'>;
  readonly cookie: HostCookie;
  readonly randomBytes: RandomBytes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type Stamp = Pick<SessionRecord, 'id' | 'secretHash' | 'createdAt'>;

/** A new secret, and what it makes of a session. Whatever cookie a browser has, nobody can choose the secret beforehand. */
export function newSession({ randomBytes, now }: Pick<SessionDependencies, 'randomBytes' | 'now'>): {
  readonly secret: string;
  readonly stamp: Stamp;
} {
  const secret = generateSecret(randomBytes);
  const secretHash = hashSecret(secret);
  return { secret, stamp: { id: secretId(secretHash), secretHash, createdAt: new Date(now()).toISOString() } };
}

/** Stores a session, and gives its secret to the browser. */
export async function startSession(
  context: Context,
  { session, secret }: { readonly session: SessionRecord; readonly secret: string },
  { sessions, cookie, now }: SessionDependencies,
): Promise<void> {
  await sessions.put(session);
  context.set('caller', sessionCaller(session));
  noteChange(context, { before: null, after: sessionFields(session) });
  cookie.set(context, secret, session.expiresAtMs - now());
}
