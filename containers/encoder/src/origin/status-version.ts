import { createHash } from 'node:crypto';
import type { PlaybackStatusBody, VersionedStatus } from '#domain/playback-status.ts';
import type { OriginResponse } from './origin-response.ts';

/** 48 bits. Two bodies of one stream do not share them by accident. */
const DIGEST_CHARACTERS = 8;
const VERSION = /^[\w-]{8}\.\d$/;
/** Longer than any cache keeps an answer, in waits. */
const MAX_WAITS = 10;

/**
 * The body with its version: a digest, so that all tasks give the same body the same version, and the number of waits
 * in vain. `after` is the version that the asker has. If the body is still the same, the answer gets the next number, so
 * that the next request has another URL, and no cache answers it with this answer again and again.
 */
export function withVersion(body: PlaybackStatusBody, after: string | null): VersionedStatus {
  const digest = digestOf(body);
  const waits = after !== null && isVersionOf(after, digest) ? (Number(after.at(-1)) + 1) % MAX_WAITS : 0;
  return { ...body, version: `${digest}.${waits}` };
}

/** Whether a text has the form of a version. Each body has only ten, so that made-up URLs are answered at once. */
export const isVersion = (text: string): boolean => VERSION.test(text);

/** Whether `version` is one of the body with this digest. */
export const isVersionOf = (version: string, digest: string): boolean =>
  isVersion(version) && digestIn(version) === digest;

/** Whether an answer has the status of which the asker has a version. */
export function isSameStatus({ status, body }: OriginResponse, version: string): boolean {
  if (status !== 200) return false;
  const answered: VersionedStatus = JSON.parse(Buffer.concat(body).toString());
  return digestIn(answered.version) === digestIn(version);
}

const digestIn = (version: string): string | undefined => version.split('.', 1)[0];

/** A digest of the body. */
export const digestOf = (body: PlaybackStatusBody): string =>
  createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, DIGEST_CHARACTERS);
