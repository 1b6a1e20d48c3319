import { includesScope, type TokenScope } from '#domain/admin-tokens.ts';
import type { Caller } from './caller.ts';
import { ProblemError } from './problem.ts';
import type { RouteName } from './route-access.ts';
import { noSuchStream } from './stream-access.ts';

/** The stream in a path, as it is written there. An id has no characters to escape. */
const STREAM_PATH_PATTERN = /^\/api\/streams\/([^/]+)/;

/** Routes of no particular stream that show a token for one stream only this stream (`Caller.streamId`). */
const FILTERED_ROUTES: readonly RouteName[] = ['GET /api/streams'];

/** A request to a route that needs a scope. */
export interface WantedAccess {
  readonly route: RouteName;
  readonly scope: TokenScope;
  /** The path of the request. */
  readonly path: string;
}

/**
 * Throws unless the caller's token allows the request. A token for one stream gets a 404 for every other stream, and a
 * 403 for every route that is not about this stream.
 */
export function authorise({ scope: held, streamId }: Caller, { route, scope, path }: WantedAccess): void {
  const wanted = STREAM_PATH_PATTERN.exec(path)?.[1];
  if (streamId !== null && wanted !== undefined && wanted !== streamId) throw noSuchStream();
  if (!includesScope(held, scope)) {
    throw forbidden(`This needs a token with the scope "${scope}". This token has "${held}".`, scope);
  }
  if (streamId === null || wanted !== undefined || FILTERED_ROUTES.includes(route)) return;
  throw forbidden(`This needs a token with the scope "${scope}" for all streams. This token is for one stream.`, scope);
}

/** RFC 6750 section 3.1. */
const forbidden = (detail: string, scope: TokenScope): ProblemError =>
  new ProblemError({
    status: 403,
    detail,
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
