import { createHash } from 'node:crypto';
import type { PlaybackStatusBody, VersionedStatus } from '#domain/playback-status.ts';
import type { OriginResponse } from './origin-response.ts';

/** 48 bits. Two bodies of one stream do not share them by accident. */
const DIGEST_CHARACTERS = 8;
/** Longer than any cache keeps an answer, in waits. */
const MAX_WAITS = 10;

/**
 * The body with its version: a digest, so that all tasks give the same body the same version, and the number of waits
 * in vain. `after` is the version that the asker has. If the body is still the same, the answer gets the next number, so
 * that the next request has another URL, and no cache answers it with this answer again and again.
 */
export function withVersion(body: PlaybackStatusBody, after: string | null): VersionedStatus {
  const digest = digestOf(body);
  const [known, waits = ''] = (after ?? '').split('.');
  const isKnown = known === digest && /^\d$/.test(waits);
  return { ...body, version: `${digest}.${isKnown ? (Number(waits) + 1) % MAX_WAITS : 0}` };
}

/** Whether `version` is one of this body. */
export const isVersionOf = (version: string, body: PlaybackStatusBody): boolean => digestIn(version) === digestOf(body);

/** Whether an answer has the status of which the asker has a version. */
export function isSameStatus({ status, body }: OriginResponse, version: string): boolean {
  if (status !== 200) return false;
  const answered: VersionedStatus = JSON.parse(Buffer.concat(body).toString());
  return digestIn(answered.version) === digestIn(version);
}

const digestIn = (version: string): string | undefined => version.split('.', 1)[0];

const digestOf = (body: PlaybackStatusBody): string =>
  createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, DIGEST_CHARACTERS);
