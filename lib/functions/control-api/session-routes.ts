import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { includesScope } from '#domain/admin-tokens.ts';
import type { SessionRecord } from '#domain/sessions.ts';
import { ID_PATTERN } from '#domain/stream-ids.ts';
import type { SessionHolder, SessionStore } from '#runtime/session-store.ts';
import { noteChange, sessionFields } from './audit-notes.ts';
import { type Caller, callerOf } from './caller.ts';
import type { HostCookie } from './host-cookie.ts';
import { idPathSchema, pageQuerySchema } from './parameter-schemas.ts';
import { ProblemError } from './problem.ts';
import { RECORD_CACHE_MS } from './recent-records.ts';
import { json, problems } from './responses.ts';
import { needs } from './route-access.ts';
import type { SessionLookup } from './session-lookup.ts';
import { sessionListSchema, sessionSchema, toSessionBody } from './session-schemas.ts';

/** What the routes of sessions need. */
export interface SessionRoutesDependencies {
  readonly sessions: Pick<SessionStore, 'get' | 'list' | 'remove'>;
  readonly sessionLookup: Pick<SessionLookup, 'forget'>;
  readonly cookie: HostCookie;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** In the place of an id: the session that the request is made with. */
const CURRENT = 'current';

const listSessionsRoute = createRoute({
  method: 'get',
  path: '/api/sessions',
  summary: 'List sessions',
  description: 'With the scope `admin`, those of everybody. Otherwise your own.',
  security: needs('streams:read'),
  request: { query: pageQuerySchema },
  responses: { 200: json(sessionListSchema, 'A page of sessions'), ...problems(422) },
});

const currentSessionRoute = createRoute({
  method: 'get',
  path: `/api/sessions/${CURRENT}`,
  summary: 'Get your session',
  description: 'Who you are, and what you may do. A request with an admin token has no session.',
  security: needs('streams:read'),
  responses: { 200: json(sessionSchema, 'The session'), ...problems(404) },
});

const revokeSessionRoute = createRoute({
  method: 'delete',
  path: '/api/sessions/{id}',
  summary: 'Revoke a session, or sign out',
  description:
    `\`${CURRENT}\` in place of the id signs you out. With the scope \`admin\`, everybody's sessions can be revoked. Otherwise only your ` +
    `own exist. A session is refused within ${RECORD_CACHE_MS / 1000} s.`,
  security: needs('streams:read'),
  request: { params: idPathSchema },
  responses: { 204: { description: 'The session is revoked' }, ...problems(404, 413) },
});

/** Adds the routes that show and revoke sessions. */
export function addSessionRoutes(app: OpenAPIHono, dependencies: SessionRoutesDependencies): void {
  const { sessions, sessionLookup, cookie, now } = dependencies;

  app.openapi(listSessionsRoute, async (context) => {
    const caller = callerOf(context);
    const { limit, cursor } = context.req.valid('query');
    const holder = isAdmin(caller) ? null : holderOf(caller);
    const page = await sessions.list({ limit, afterId: cursor ?? null, nowMs: now(), holder });
    const currentId = caller.session?.id ?? null;
    const bodies = page.records.map((session) => toSessionBody(session, currentId));
    return context.json({ sessions: bodies, nextCursor: page.lastId }, 200);
  });

  app.openapi(currentSessionRoute, (context) => {
    const { session } = callerOf(context);
    if (session === null) throw noSuchSession();
    return context.json(toSessionBody(session, session.id), 200);
  });

  app.openapi(revokeSessionRoute, async (context) => {
    const caller = callerOf(context);
    const { id } = context.req.valid('param');
    const session = id === CURRENT ? caller.session : ID_PATTERN.test(id) ? await sessions.get(id) : null;
    if (session === null || !(isAdmin(caller) || isOwn(session, caller))) throw noSuchSession();
    await sessions.remove(session.id);
    sessionLookup.forget(session.id);
    noteChange(context, { before: sessionFields(session), after: null });
    if (session.id === caller.session?.id) cookie.clear(context);
    return context.body(null, 204);
  });
}

const isAdmin = ({ scope }: Caller): boolean => includesScope(scope, 'admin');

/** Whose sessions a caller's own are: the person's, or those that the same token signed in. */
const holderOf = ({ id, person, session }: Caller): SessionHolder =>
  person === null ? { tokenId: session?.token?.id ?? id } : { personId: person.id };

function isOwn({ personId, token }: SessionRecord, caller: Caller): boolean {
  const holder = holderOf(caller);
  return 'personId' in holder ? personId === holder.personId : token?.id === holder.tokenId;
}

const noSuchSession = (): ProblemError =>
  new ProblemError({ status: 404, detail: 'There is no session with this id.' });
