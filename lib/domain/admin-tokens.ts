/** What a token or a session may do. Each scope includes those after it. */
export const TOKEN_SCOPES = ['admin', 'streams:write', 'streams:end', 'streams:read'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** The scopes that a scope includes, itself first. One that is unknown here includes none. */
export const scopesWithin = (scope: TokenScope): readonly TokenScope[] =>
  TOKEN_SCOPES.includes(scope) ? TOKEN_SCOPES.slice(TOKEN_SCOPES.indexOf(scope)) : [];

/** Whether somebody with one scope may do what needs another. */
export const includesScope = (held: TokenScope, needed: TokenScope): boolean => scopesWithin(held).includes(needed);

/** An admin token. The token itself is never stored. */
export interface AdminTokenRecord {
  /** Derived from the hash (`secretId`), so that a token leads to its record. */
  readonly id: string;
  readonly name: string;
  readonly tokenHash: string;
  readonly scope: TokenScope;
  /** The only stream that the token is for. Null for all streams. */
  readonly streamId: string | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Milliseconds since 1970. From this moment on the token is refused. Null for never. */
  readonly expiresAtMs: number | null;
  /** Milliseconds since 1970, to the hour (`LAST_USE_INTERVAL_MS`). Null if the token was not used yet. */
  readonly lastUsedAtMs: number | null;
}

/** What a token without limits is: the first token of a deployment, and every token that was made before there were scopes. */
export const UNLIMITED_TOKEN = {
  scope: 'admin',
  streamId: null,
  expiresAtMs: null,
  lastUsedAtMs: null,
} as const satisfies Partial<AdminTokenRecord>;

/** A token's use is written down at most this often, in milliseconds. */
export const LAST_USE_INTERVAL_MS = 60 * 60 * 1000;

/** Whether a token is still valid at `nowMs`. A moment that is no number counts as past. */
export const isTokenValid = ({ expiresAtMs }: Pick<AdminTokenRecord, 'expiresAtMs'>, nowMs: number): boolean =>
  expiresAtMs === null || nowMs < expiresAtMs;
