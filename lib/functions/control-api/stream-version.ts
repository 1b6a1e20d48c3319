import type { StreamRecord } from '#domain/streams.ts';
import { ProblemError } from './problem.ts';

/** The `ETag` of a version of a stream's settings. It does not cover `status` and `health`. */
export const entityTag = (version: number): string => `"${version}"`;

/** Throws a 412 if there is an `If-Match` header that does not name this version (RFC 9110 section 13.1.1). */
export function requireMatch(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (!tags.includes(entityTag(version))) throw versionConflict(ifMatch);
}

/** The error for a change that came after another one: a 412 if the client named a version, else a 409. */
export function versionConflict(ifMatch: string | undefined): ProblemError {
  const detail = 'The stream has been changed in the meantime; read it again.';
  return new ProblemError({ status: ifMatch === undefined ? 409 : 412, detail });
}

/** Returns the next version of a stream, with some changes. */
export const nextVersion = (stream: StreamRecord, changes: Partial<StreamRecord>, nowMs: number): StreamRecord => ({
  ...stream,
  ...changes,
  version: stream.version + 1,
  updatedAt: new Date(nowMs).toISOString(),
});
