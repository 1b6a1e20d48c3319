import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { INVITE_LIFETIME_MS, invitePath, newInvite } from '#domain/sessions.ts';
import { generateSecret, hashSecret, ID_PATTERN } from '#domain/stream-ids.ts';
import type { SessionStore } from '#runtime/session-store.ts';
import { type AttemptDependencies, beginAttempt } from './attempt.ts';
import { inviteFields, noteChange } from './audit-notes.ts';
import { idempotencyHeaderSchema, idPathSchema, pageQuerySchema } from './parameter-schemas.ts';
import { ProblemError } from './problem.ts';
import { json, jsonBody, problems } from './responses.ts';
import { needs } from './route-access.ts';
import { createdInviteSchema, createInviteSchema, inviteListSchema, toInviteBody } from './session-schemas.ts';

/** What the routes of invitations need. */
export interface InviteRoutesDependencies extends AttemptDependencies {
  readonly sessions: Pick<SessionStore, 'putInvite' | 'listInvites' | 'removeInvite'>;
  readonly addresses: { readonly playbackBaseUrl: string };
}

const createInviteRoute = createRoute({
  method: 'post',
  path: '/api/invites',
  summary: 'Invite somebody to the studio',
  description: `Only this response contains the link. It works once, within ${INVITE_LIFETIME_MS / 86_400_000} days.`,
  security: needs('admin'),
  request: { headers: idempotencyHeaderSchema, body: { ...jsonBody(createInviteSchema), required: true } },
  responses: { 201: json(createdInviteSchema, 'The invitation'), ...problems(400, 413, 415, 422) },
});

const listInvitesRoute = createRoute({
  method: 'get',
  path: '/api/invites',
  summary: 'List invitations that were not used',
  security: needs('admin'),
  request: { query: pageQuerySchema },
  responses: { 200: json(inviteListSchema, 'A page of invitations'), ...problems(422) },
});

const revokeInviteRoute = createRoute({
  method: 'delete',
  path: '/api/invites/{id}',
  summary: 'Revoke an invitation',
  security: needs('admin'),
  request: { params: idPathSchema },
  responses: { 204: { description: 'The link does not work any more' }, ...problems(404, 413) },
});

/** Adds the routes that create, list and revoke invitations. */
export function addInviteRoutes(app: OpenAPIHono, dependencies: InviteRoutesDependencies): void {
  const { sessions, addresses, idempotency, now } = dependencies;

  app.openapi(createInviteRoute, async (context) => {
    const body = context.req.valid('json');
    const attempt = await beginAttempt(context, { body, base: null }, dependencies);
    const secret = generateSecret(attempt.randomBytes);
    const invite = newInvite(body, hashSecret(secret), attempt.startedAtMs);
    noteChange(context, { before: null, after: inviteFields(invite) });
    // The link may have been used or revoked since an earlier attempt made it.
    if (!attempt.isDone && !(await attempt.wasRemoved(invite.id))) {
      await sessions.putInvite(invite);
      await attempt.finish();
    }
    const url = `${addresses.playbackBaseUrl}${invitePath(secret)}`;
    return context.json({ ...toInviteBody(invite), url }, 201, { Location: `/api/invites/${invite.id}` });
  });

  app.openapi(listInvitesRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const page = await sessions.listInvites({ limit, afterId: cursor ?? null, nowMs: now() });
    return context.json({ invites: page.records.map(toInviteBody), nextCursor: page.lastId }, 200);
  });

  app.openapi(revokeInviteRoute, async (context) => {
    const { id } = context.req.valid('param');
    if (!ID_PATTERN.test(id)) throw noSuchInvite();
    // Mark it first. Otherwise a repeat of the request that created it could create it again.
    await idempotency.markRemoved({ thingId: id, nowMs: now() });
    const removed = await sessions.removeInvite(id);
    if (removed === null) throw noSuchInvite();
    noteChange(context, { before: inviteFields(removed), after: null });
    return context.body(null, 204);
  });
}

const noSuchInvite = (): ProblemError =>
  new ProblemError({ status: 404, detail: 'There is no invitation with this id.' });
