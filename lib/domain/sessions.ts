import type { AdminTokenRecord } from './admin-tokens.ts';
import type { RoleName } from './roles.ts';
import { hashSecret, secretId } from './stream-ids.ts';
import { STUDIO_PATH } from './watch-pages.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long a person stays signed in at most. */
export const SESSION_LIFETIME_MS = 7 * DAY_MS;
/**
 * The same for people who sign in at an OpenID Connect provider, in milliseconds. It does not tell us when somebody loses a role there, so
 * they sign in again each day.
 */
export const OIDC_SESSION_LIFETIME_MS = DAY_MS / 2;
/** How long a link can be used that signs somebody in. */
export const INVITE_LIFETIME_MS = 7 * DAY_MS;

/** Somebody who has signed in. The session's secret itself is never stored. */
export interface SessionRecord {
  /** Derived from the hash (`secretId`). */
  readonly id: string;
  readonly secretHash: string;
  /** Of the person, or of the token that signed in. */
  readonly name: string;
  /** What a person may do. Null if a token signed in. */
  readonly role: RoleName | null;
  /** The person who was invited, or whom a provider knows. Null if a token signed in. */
  readonly personId: string | null;
  /** The admin token that signed in. The session may do what the token may, and ends with it. Null for a person. */
  readonly token: Pick<AdminTokenRecord, 'id' | 'scope' | 'streamId'> | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Milliseconds since 1970. From this moment on the session is refused. */
  readonly expiresAtMs: number;
}

/** A link that signs somebody in, once. Its secret itself is never stored. */
export interface InviteRecord {
  /** Derived from the hash (`secretId`). */
  readonly id: string;
  readonly secretHash: string;
  /** Of the person. */
  readonly name: string;
  readonly role: RoleName;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Milliseconds since 1970. From this moment on the link is refused. */
  readonly expiresAtMs: number;
}

/** A new invitation whose secret has this hash (`hashSecret`). */
export const newInvite = (
  { name, role }: Pick<InviteRecord, 'name' | 'role'>,
  secretHash: string,
  nowMs: number,
): InviteRecord => ({
  ...{ id: secretId(secretHash), secretHash, name, role },
  createdAt: new Date(nowMs).toISOString(),
  expiresAtMs: nowMs + INVITE_LIFETIME_MS,
});

/** A person is known by name. Upper and lower case, and ways to encode a letter, make no difference. */
export const personIdOf = (name: string): string =>
  secretId(hashSecret(JSON.stringify(['invited', name.normalize('NFKC').trim().toLowerCase()])));

/** Whom an OpenID Connect provider knows is a person of their own, whatever their name is here. */
export const oidcPersonId = (issuer: string, subject: string): string =>
  secretId(hashSecret(JSON.stringify(['oidc', issuer, subject])));

/** Path of the studio for somebody who is invited. Browsers send the fragment to no server, so no log has the secret. */
export const invitePath = (secret: string): string => `${STUDIO_PATH}#invite=${secret}`;
