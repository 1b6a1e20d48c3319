import { createHash, timingSafeEqual } from 'node:crypto';
import { type PlaybackMode, PROTECTED_PREFIX } from './playback-ids.ts';

/** Source of random bytes, passed in so that tests can fix it; in production `crypto.randomBytes`. */
export type RandomBytes = (size: number) => Buffer;

/** 160 bits: beyond guessing even for an attacker with the whole key table's hashes. */
const SECRET_BYTES = 20;
/** 80 bits: unguessable in a URL, short enough to read out. */
const ID_BYTES = 10;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 base32 without padding, in lower case; lengths used here are multiples of 5 bytes. */
function toBase32(bytes: Buffer): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{5}/g) ?? []).map((group) => BASE32[Number.parseInt(group, 2)]).join('');
}

/** A new stream key or admin token: 32 characters, shown once, stored as its hash only. */
export const generateSecret = (randomBytes: RandomBytes): string => toBase32(randomBytes(SECRET_BYTES));

/** A new id: 16 characters. */
export const generateId = (randomBytes: RandomBytes): string => toBase32(randomBytes(ID_BYTES));

/** A new playback id, which gives no way to publish. Its form says who may watch (`needsViewerToken`). */
export const generatePlaybackId = (playback: PlaybackMode, randomBytes: RandomBytes): string =>
  `${playback === 'token' ? PROTECTED_PREFIX : ''}${generateId(randomBytes)}`;

/** What is stored of a secret: SHA-256 in hex. The secret has 160 random bits, so no salt or slow hash is needed. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** The id that belongs to a secret's hash (`hashSecret`). It says nothing of the secret and gives no way to use it. */
export const secretId = (hash: string): string => toBase32(Buffer.from(hash, 'hex').subarray(0, ID_BYTES));

/** Compares two hex hashes in constant time. */
export function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** The shape of a generated secret; anything else is refused without a look-up. */
export const SECRET_PATTERN = /^[a-z2-7]{32}$/;
/** The shape of a generated id. */
export const ID_PATTERN = /^[a-z2-7]{16}$/;
/** The shape of any stream's id, those included that a backend gives: it becomes a database key and part of log lines. */
export const STREAM_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
