import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { type InviteRecord, personIdOf, SESSION_LIFETIME_MS, type SessionRecord } from '#domain/sessions.ts';
import { hashSecret, secretId } from '#domain/stream-ids.ts';
import type { SessionStore } from '#runtime/session-store.ts';
import { type AdminTokens, authenticateToken, unauthorized, type ValidToken } from './admin-auth.ts';
import { newSession, type SessionDependencies, startSession } from './new-session.ts';
import { refuseOtherPages } from './own-pages.ts';
import { json, jsonBody, problems } from './responses.ts';
import { PUBLIC, type RouteName } from './route-access.ts';
import { sessionSchema, signInSchema, toSessionBody } from './session-schemas.ts';

const PATH = '/api/sessions';
export const SIGN_IN: RouteName = `POST ${PATH}`;

/** What signing in needs. */
export interface SignInDependencies extends AdminTokens, SessionDependencies {
  readonly sessions: Pick<SessionStore, 'put' | 'useInvite'>;
  /** The origin of the platform's pages. */
  readonly ownOrigin: string;
}

const signInRoute = createRoute({
  method: 'post',
  path: PATH,
  summary: 'Sign in',
  description:
    'The answer sets a cookie that scripts of a page cannot read. With it, pages of this platform may call the API until the ' +
    'session expires or is revoked. Each sign-in makes another session.',
  security: PUBLIC,
  request: { body: { ...jsonBody(signInSchema), required: true } },
  responses: { 201: json(sessionSchema, 'The session'), ...problems(400, 413, 415, 422) },
});

/** Adds the route that exchanges an admin token or an invitation for a session. */
export function addSignInRoute(app: OpenAPIHono, dependencies: SignInDependencies): void {
  const { ownOrigin, now } = dependencies;
  app.openapi(signInRoute, async (context) => {
    // Otherwise another site could sign a visitor in as somebody else.
    refuseOtherPages(context, ownOrigin);
    const { token, invite } = context.req.valid('json');
    const { secret, stamp } = newSession(dependencies);
    const session: SessionRecord =
      token === undefined
        ? { ...stamp, ...invited(await acceptInvite(invite ?? '', stamp.id, dependencies), now()) }
        : { ...stamp, ...signedIn(await authenticateToken(token, dependencies), now()) };
    await startSession(context, { session, secret }, dependencies);
    return context.json(toSessionBody(session, session.id), 201);
  });
}

async function acceptInvite(
  secret: string,
  sessionId: string,
  { sessions, now }: SignInDependencies,
): Promise<InviteRecord> {
  const secretHash = hashSecret(secret);
  const invite = await sessions.useInvite({ id: secretId(secretHash), secretHash, sessionId, nowMs: now() });
  if (invite !== null) return invite;
  throw unauthorized('This link does not work any more. It works once, within a week. Ask for another one.', 'Bearer');
}

const invited = ({ name, role }: InviteRecord, nowMs: number) => ({
  ...{ name, role, personId: personIdOf(name), token: null },
  expiresAtMs: nowMs + SESSION_LIFETIME_MS,
});

const signedIn = ({ id, name, scope, streamId, expiresAtMs }: ValidToken, nowMs: number) => ({
  ...{ name, role: null, personId: null, token: { id, scope, streamId } },
  expiresAtMs: Math.min(nowMs + SESSION_LIFETIME_MS, expiresAtMs ?? Number.POSITIVE_INFINITY),
});
