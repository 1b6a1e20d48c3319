// CloudFront's function is made of this file too: it imports nothing of Node.js, and is written without destructuring,
// spread and `for ... of`, which that runtime lacks.

/** Keys of viewer tokens by their ids. `current` signs; the other one, if any, signed before it and is still good. */
export interface ViewerTokenKeys {
  readonly current: string;
  /** Secrets of at least 32 random bytes in base64url, used as the text that they are. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Under which key the ViewerTokenKeys, as JSON, are in CloudFront's key value store. */
export const VIEWER_TOKEN_KEYS_NAME = 'viewer-token-keys';

/** How long a token may be good for, in seconds. Keys are rotated no faster than the longest, or good tokens die. */
export const VIEWER_TOKEN_TTL_SECONDS = { shortest: 60, longest: 86_400, usual: 3_600 } as const;

/** HMAC-SHA-256 of a text under a key, both UTF-8, in base64url without padding. CloudFront's crypto is not Node.js's. */
export type SignText = (key: string, text: string) => string;

/** `{key id}.{expiry in seconds since 1970}.{signature}`: no characters but those that a URL's path takes as they are. */
const TOKEN_PATTERN = /^([A-Za-z0-9_-]{1,32})\.([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{43})$/;

/** What is signed: the id is not in the token, so that it opens the one stream that it was made for. */
const signedText = (keyId: string, expiresAtSeconds: string, playbackId: string): string =>
  `${keyId}.${expiresAtSeconds}.${playbackId}`;

/** What a token is made of. */
export interface NewViewerToken {
  readonly playbackId: string;
  /** Whole seconds since 1970. */
  readonly expiresAtSeconds: number;
  readonly keys: ViewerTokenKeys;
}

/** A token under the current key. Throws where that key is not among the keys. */
export function makeViewerToken(token: NewViewerToken, sign: SignText): string {
  const keyId = token.keys.current;
  const secret = token.keys.keys[keyId];
  if (secret === undefined) throw new Error(`the current key of viewer tokens, ${keyId}, is missing`);
  const expiry = String(token.expiresAtSeconds);
  return `${keyId}.${expiry}.${sign(secret, signedText(keyId, expiry, token.playbackId))}`;
}

/** A token as it was presented. */
export interface PresentedViewerToken {
  readonly token: string;
  readonly playbackId: string;
  readonly keys: ViewerTokenKeys;
  readonly nowMs: number;
}

/** Whether a token is for this stream, signed under one of the keys, and not expired. */
export function isViewerTokenValid(presented: PresentedViewerToken, sign: SignText): boolean {
  const parts = TOKEN_PATTERN.exec(presented.token);
  if (parts === null) return false;
  const keyId = parts[1] ?? '';
  const expiry = parts[2] ?? '';
  // Names that every object inherits, as in "constructor", hold no text.
  const secret: unknown = presented.keys.keys[keyId];
  if (typeof secret !== 'string' || presented.nowMs >= Number(expiry) * 1000) return false;
  return isSameText(sign(secret, signedText(keyId, expiry, presented.playbackId)), parts[3] ?? '');
}

/** Compares two texts of the same length in a time that does not tell where they differ. */
export function isSameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}
