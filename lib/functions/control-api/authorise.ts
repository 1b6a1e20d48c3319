import { includesScope, type TokenScope } from '#domain/admin-tokens.ts';
import { ROLE_NAMES, ROLES, type RoleName } from '#domain/roles.ts';
import { ID_PATTERN } from '#domain/stream-ids.ts';
import type { PurgeStore } from '#runtime/purge-store.ts';
import type { StreamStore } from '#runtime/stream-store.ts';
import type { Caller, Reach } from './caller.ts';
import { ProblemError } from './problem.ts';
import type { RouteName } from './route-access.ts';
import { noSuchStream } from './stream-access.ts';

/** The stream in a path, as it is written there, and the purge. An id has no characters to escape. */
const STREAM_PATH_PATTERN = /^\/api\/streams\/([^/]+)(?:\/purges\/([^/]+))?/;

/** Callers who don't see all streams. */
type LimitedReach = Exclude<Reach['kind'], 'all'>;

/**
 * Routes of no particular stream for callers who don't see all streams. They show them what is theirs. What somebody creates who has
 * one stream only would not exist for them.
 */
const ROUTES_FOR_LIMITED_REACH: Readonly<Record<RouteName, readonly LimitedReach[]>> = {
  'GET /api/streams': ['stream', 'person'],
  'GET /api/sessions': ['stream', 'person'],
  'GET /api/sessions/current': ['stream', 'person'],
  'DELETE /api/sessions/:id': ['stream', 'person'],
  'POST /api/streams': ['person'],
};

/** A request to a route that needs a scope. */
export interface WantedAccess {
  readonly route: RouteName;
  readonly scope: TokenScope;
  /** The path of the request. */
  readonly path: string;
}

/** Where the owner of a stream is found. */
export interface OwnerLookup {
  readonly streams: Pick<StreamStore, 'get'>;
  readonly purges: Pick<PurgeStore, 'get'>;
}

/**
 * Throws unless the caller may make the request. A stream out of the caller's reach is a 404, whatever is asked of it. A route that is
 * about no stream is a 403 for callers with such a reach, except for those above.
 */
export async function authorise(
  { scope: held, reach, session }: Caller,
  { route, scope, path }: WantedAccess,
  lookup: OwnerLookup,
): Promise<void> {
  const [, streamId, purgeId] = STREAM_PATH_PATTERN.exec(path) ?? [];
  if (reach.kind === 'stream' && streamId !== undefined && streamId !== reach.streamId) throw noSuchStream();
  const kind = session === null ? 'token' : 'session';
  if (!includesScope(held, scope)) {
    throw forbidden(`This needs a ${kind} with the scope "${scope}". This ${kind} has "${held}".`, scope);
  }
  if (reach.kind === 'person' && streamId !== undefined) {
    const ownerId = await findOwnerId(lookup, streamId, purgeId ?? null);
    if (ownerId !== reach.personId) throw noSuchStream();
  }
  if (streamId !== undefined || isForReach(route, reach.kind)) return;
  const own = reach.kind === 'person' ? 'your own streams only' : 'one stream';
  throw forbidden(`This needs a ${kind} with the scope "${scope}" for all streams. This ${kind} is for ${own}.`, scope);
}

/** The roles that may call a route, each for the streams that it sees. */
export const rolesFor = (route: RouteName, scope: TokenScope): readonly RoleName[] =>
  ROLE_NAMES.filter((name) => {
    const { scope: held, streams } = ROLES[name];
    const isReached = STREAM_PATH_PATTERN.test(route.slice(route.indexOf('/'))) || streams === 'all';
    return includesScope(held, scope) && (isReached || isForReach(route, 'person'));
  });

const isForReach = (route: RouteName, reach: Reach['kind']): boolean =>
  reach === 'all' || (ROUTES_FOR_LIMITED_REACH[route]?.includes(reach) ?? false);

/** The status of a purge outlives its stream. */
async function findOwnerId(
  { streams, purges }: OwnerLookup,
  streamId: string,
  purgeId: string | null,
): Promise<string | null> {
  if (!ID_PATTERN.test(streamId)) return null;
  const stream = await streams.get(streamId);
  if (stream !== null) return stream.owner?.id ?? null;
  const purge = purgeId !== null && ID_PATTERN.test(purgeId) ? await purges.get(purgeId) : null;
  return purge?.streamId === streamId ? (purge.ownerId ?? null) : null;
}

/** RFC 6750 section 3.1. */
const forbidden = (detail: string, scope: TokenScope): ProblemError =>
  new ProblemError({
    status: 403,
    detail,
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
