// The CloudFront Function also contains this file. So it imports nothing from Node.js, and uses no destructuring, no
// spread and no `for ... of`, which that runtime lacks.

/** Keys of viewer tokens by id. `current` signs. The other key, if any, signed before it and is still valid. */
export interface ViewerTokenKeys {
  readonly current: string;
  /** Secrets of at least 32 random bytes in base64url. The text itself is the HMAC key; it is not decoded. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Key in CloudFront's key value store. Its value is the ViewerTokenKeys as JSON. */
export const VIEWER_TOKEN_KEYS_NAME = 'viewer-token-keys';

/**
 * How long a token may be valid, in seconds. Keys must not be rotated faster than `longest`, or valid tokens stop
 * working.
 */
export const VIEWER_TOKEN_TTL_SECONDS = { shortest: 60, longest: 86_400, usual: 3_600 } as const;

/**
 * HMAC-SHA-256 of a text under a key, both UTF-8, in base64url without padding. It is passed in because CloudFront's
 * crypto module is not Node.js's.
 */
export type SignText = (key: string, text: string) => string;

/** `{key id}.{expiry in seconds since 1970}.{signature}`. All characters may appear in a URL's path without escapes. */
const TOKEN_PATTERN = /^([A-Za-z0-9_-]{1,32})\.([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{43})$/;

/** What a token opens of its stream: what viewers get, or the health, which is for those who broadcast. */
export type TokenUse = 'viewing' | 'health';

/** A stream, and what of it a token opens. */
interface TokenSubject {
  readonly playbackId: string;
  /** @default what viewers get */
  readonly use?: TokenUse;
}

/**
 * The text that is signed. It contains the playback id, which the token does not, so a token opens only its own stream. A slash is
 * in no playback id, so a token for one use is none for the other.
 */
function signedText(keyId: string, expiresAtSeconds: string, subject: TokenSubject): string {
  const use = subject.use === 'health' ? '/health' : '';
  return `${keyId}.${expiresAtSeconds}.${subject.playbackId}${use}`;
}

/** What a new token contains. */
export interface NewViewerToken extends TokenSubject {
  /** Whole seconds since 1970. */
  readonly expiresAtSeconds: number;
  readonly keys: ViewerTokenKeys;
}

/** Makes a token with the current key. Throws if that key is missing. */
export function makeViewerToken(token: NewViewerToken, sign: SignText): string {
  const keyId = token.keys.current;
  const secret = token.keys.keys[keyId];
  if (secret === undefined) throw new Error(`The current key of viewer tokens, ${keyId}, is missing`);
  const expiry = String(token.expiresAtSeconds);
  return `${keyId}.${expiry}.${sign(secret, signedText(keyId, expiry, token))}`;
}

/** A token that a viewer presents. */
export interface PresentedViewerToken extends TokenSubject {
  readonly token: string;
  readonly keys: ViewerTokenKeys;
  readonly nowMs: number;
}

/** Whether a token is for this stream and this use, is signed with one of the keys, and has not expired. */
export function isViewerTokenValid(presented: PresentedViewerToken, sign: SignText): boolean {
  const parts = TOKEN_PATTERN.exec(presented.token);
  if (parts === null) return false;
  const keyId = parts[1] ?? '';
  const expiry = parts[2] ?? '';
  // A name that every object inherits, such as "constructor", is not a text.
  const secret: unknown = presented.keys.keys[keyId];
  if (typeof secret !== 'string' || presented.nowMs >= Number(expiry) * 1000) return false;
  return isSameText(sign(secret, signedText(keyId, expiry, presented)), parts[3] ?? '');
}

/** Compares two texts. For texts of the same length, the time taken does not reveal where they differ. */
export function isSameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}
