import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi';
import type { AdminTokenRecord } from '#domain/admin-tokens.ts';
import { generateSecret, hashSecret, ID_PATTERN, secretId } from '#domain/stream-ids.ts';
import type { AdminTokenStore } from '#runtime/admin-token-store.ts';
import type { SessionStore } from '#runtime/session-store.ts';
import { type AttemptDependencies, beginAttempt } from './attempt.ts';
import { noteChange, tokenFields } from './audit-notes.ts';
import { idempotencyHeaderSchema, idPathSchema, pageQuerySchema } from './parameter-schemas.ts';
import { invalidFields, ProblemError } from './problem.ts';
import { RECORD_CACHE_MS } from './recent-records.ts';
import { json, jsonBody, problems } from './responses.ts';
import { needs } from './route-access.ts';
import type { TokenLookup } from './token-lookup.ts';
import { createdTokenSchema, createTokenSchema, tokenListSchema, type tokenSchema } from './token-schemas.ts';

/** The stores that the routes of admin tokens use. */
export interface TokensDependencies extends AttemptDependencies {
  readonly tokens: AdminTokenStore;
  readonly sessions: Pick<SessionStore, 'list' | 'remove'>;
}

const SESSIONS_AT_ONCE = 25;

const createTokenRoute = createRoute({
  method: 'post',
  path: '/api/tokens',
  summary: 'Create an admin token',
  description:
    'Only this response contains the token. A token for one stream sees and changes no other, and creates none.',
  security: needs('admin'),
  request: { headers: idempotencyHeaderSchema, body: { ...jsonBody(createTokenSchema), required: true } },
  responses: { 201: json(createdTokenSchema, 'The token'), ...problems(400, 409, 413, 415, 422) },
});

const listTokensRoute = createRoute({
  method: 'get',
  path: '/api/tokens',
  summary: 'List admin tokens',
  description: 'Bootstrap tokens are not listed.',
  security: needs('admin'),
  request: { query: pageQuerySchema },
  responses: { 200: json(tokenListSchema, 'A page of tokens'), ...problems(422) },
});

const deleteTokenRoute = createRoute({
  method: 'delete',
  path: '/api/tokens/{id}',
  summary: 'Revoke an admin token',
  description: `The token and its sessions are refused within ${RECORD_CACHE_MS / 1000} s.`,
  security: needs('admin'),
  request: { params: idPathSchema },
  responses: { 204: { description: 'The token is revoked' }, ...problems(404, 413) },
});

/** Adds the routes that create, list and revoke admin tokens. */
export function addTokensRoutes(app: OpenAPIHono, dependencies: TokensDependencies, lookup: TokenLookup): void {
  const { tokens } = dependencies;

  app.openapi(createTokenRoute, async (context) => {
    const body = context.req.valid('json');
    const attempt = await beginAttempt(context, { body, base: null }, dependencies);
    requireUsable(body, attempt.startedAtMs);
    const token = generateSecret(attempt.randomBytes);
    const record = newToken(body, hashSecret(token), attempt.startedAtMs);
    noteChange(context, { before: null, after: tokenFields(record) });
    const isOver = attempt.isDone || (await attempt.wasRemoved(record.id));
    if (!isOver) {
      await tokens.put(record);
      await attempt.finish();
    } else if ((await tokens.get(record.id)) === null) {
      throw new ProblemError({ status: 409, detail: 'The token was created and has since been revoked.' });
    }
    return context.json({ ...toTokenBody(record), token }, 201, { Location: `/api/tokens/${record.id}` });
  });

  app.openapi(listTokensRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const page = await tokens.list({ limit, afterId: cursor ?? null });
    return context.json({ tokens: page.tokens.map(toTokenBody), nextCursor: page.lastId }, 200);
  });

  app.openapi(deleteTokenRoute, async (context) => {
    const { id } = context.req.valid('param');
    const removed = ID_PATTERN.test(id) ? await removeToken(id, dependencies) : null;
    if (removed !== null) noteChange(context, { before: tokenFields(removed), after: null });
    lookup.forget(id);
    if (removed === null) throw new ProblemError({ status: 404, detail: 'There is no admin token with this id.' });
    return context.body(null, 204);
  });
}

/** Returns the token as it was. Null if there is no such token. */
async function removeToken(thingId: string, dependencies: TokensDependencies): Promise<AdminTokenRecord | null> {
  const { tokens, idempotency, now } = dependencies;
  const token = await tokens.get(thingId);
  if (token === null) return null;
  // Mark it first. Otherwise a repeat of the request that created it could find it missing and create it again.
  await idempotency.markRemoved({ thingId, nowMs: now() });
  if (!(await tokens.remove(thingId))) return null;
  await removeSessions(thingId, dependencies);
  return token;
}

/** The sessions of a token are refused without it. So that nobody wonders, they are not listed either. */
async function removeSessions(tokenId: string, { sessions, now }: TokensDependencies): Promise<void> {
  let afterId: string | null = null;
  do {
    const page: Awaited<ReturnType<SessionStore['list']>> = await sessions.list({
      ...{ limit: SESSIONS_AT_ONCE, afterId, nowMs: now(), holder: { tokenId } },
    });
    await Promise.all(page.records.map(({ id }) => sessions.remove(id)));
    afterId = page.lastId;
  } while (afterId !== null);
}

/** Throws a 422 for a token that could do nothing, or more than it says. */
function requireUsable({ scope, streamId, expiresAt }: NewToken, nowMs: number): void {
  if (scope === 'admin' && streamId !== null) {
    const detail = 'A token for one stream needs another scope than "admin"';
    throw new ProblemError(invalidFields([{ field: 'streamId', detail }]));
  }
  if (expiresAt !== null && Date.parse(expiresAt) <= nowMs) {
    throw new ProblemError(invalidFields([{ field: 'expiresAt', detail: 'Must be in the future' }]));
  }
}

type NewToken = z.infer<typeof createTokenSchema>;

const newToken = (
  { name, scope, streamId, expiresAt }: NewToken,
  tokenHash: string,
  nowMs: number,
): AdminTokenRecord => ({
  id: secretId(tokenHash),
  name,
  tokenHash,
  scope,
  streamId,
  createdAt: new Date(nowMs).toISOString(),
  expiresAtMs: expiresAt === null ? null : Date.parse(expiresAt),
  lastUsedAtMs: null,
});

const toTokenBody = (record: AdminTokenRecord): z.infer<typeof tokenSchema> => {
  const { id, name, scope, streamId, createdAt, expiresAtMs, lastUsedAtMs } = record;
  return { id, name, scope, streamId, createdAt, expiresAt: toIso(expiresAtMs), lastUsedAt: toIso(lastUsedAtMs) };
};

const toIso = (atMs: number | null): string | null => (atMs === null ? null : new Date(atMs).toISOString());
