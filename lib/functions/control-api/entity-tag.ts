import { ProblemError } from './problem.ts';

/** The `ETag` of a version of a stream's settings; whether it is live, and how it fares, is not part of it. */
export const entityTag = (version: number): string => `"${version}"`;

/** Throws a 412 unless `If-Match`, where it was sent, names this version (RFC 9110 section 13.1.1). */
export function requireMatch(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (!tags.includes(entityTag(version))) throw changedSince(ifMatch);
}

/** What to throw where somebody else's change came first: 412 to who had named a version, else 409. */
export function changedSince(ifMatch: string | undefined): ProblemError {
  const detail = 'The stream has been changed in the meantime; read it again.';
  return new ProblemError({ status: ifMatch === undefined ? 409 : 412, detail });
}
