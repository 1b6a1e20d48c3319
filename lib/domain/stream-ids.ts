import { createHash, timingSafeEqual } from 'node:crypto';
import { type PlaybackMode, PROTECTED_PREFIX } from './playback-ids.ts';

/** Source of random bytes. Production passes `crypto.randomBytes`; tests may pass fixed bytes. */
export type RandomBytes = (size: number) => Buffer;

/** 160 bits can't be guessed, even by an attacker who has all hashes of the key table. */
const SECRET_BYTES = 20;
/** 80 bits can't be guessed in a URL, and are short enough to read aloud. */
const ID_BYTES = 10;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 base32 in lower case. All lengths used here are multiples of 5 bytes, so there is no padding. */
function toBase32(bytes: Buffer): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{5}/g) ?? []).map((group) => BASE32[Number.parseInt(group, 2)]).join('');
}

/** A new stream key or admin token of 32 characters. It is shown once, and only its hash is stored. */
export const generateSecret = (randomBytes: RandomBytes): string => toBase32(randomBytes(SECRET_BYTES));

/** A new id of 16 characters. */
export const generateId = (randomBytes: RandomBytes): string => toBase32(randomBytes(ID_BYTES));

/** A new playback id. It can't be used to publish. Its form says who may watch (`needsViewerToken`). */
export const generatePlaybackId = (playback: PlaybackMode, randomBytes: RandomBytes): string =>
  `${playback === 'token' ? PROTECTED_PREFIX : ''}${generateId(randomBytes)}`;

/**
 * The stored form of a secret: SHA-256 in hex. The secret has 160 random bits, so it needs no salt and no slow hash.
 */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** The id that belongs to a secret's hash (`hashSecret`). It does not reveal the secret. */
export const secretId = (hash: string): string => toBase32(Buffer.from(hash, 'hex').subarray(0, ID_BYTES));

/** Compares two hex hashes in constant time. */
export function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** The form of a generated secret. Anything else is refused without a look-up. */
export const SECRET_PATTERN = /^[a-z2-7]{32}$/;
/** The form of a generated id. */
export const ID_PATTERN = /^[a-z2-7]{16}$/;
/**
 * The form of any stream id, including those that a backend chooses. Ids become database keys and appear in log lines.
 */
export const STREAM_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
