import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import { OIDC_SESSION_LIFETIME_MS, oidcPersonId, type SessionRecord } from '#domain/sessions.ts';
import { generateSecret, SECRET_PATTERN } from '#domain/stream-ids.ts';
import { STUDIO_PATH } from '#domain/watch-pages.ts';
import type { HostCookie } from './host-cookie.ts';
import { newSession, type SessionDependencies, startSession } from './new-session.ts';
import type { OidcIdentity, OidcProvider } from './oidc-provider.ts';
import { ProblemError, tryAgain } from './problem.ts';
import { isProviderUnavailable } from './provider-fetch.ts';
import { json, problems } from './responses.ts';
import { PUBLIC, type RouteName } from './route-access.ts';

const START_PATH = '/api/sign-in/oidc';
export const OIDC_CALLBACK_PATH = `${START_PATH}/callback`;
/** It makes a session, although browsers are led to it. */
export const OIDC_CALLBACK: RouteName = `GET ${OIDC_CALLBACK_PATH}`;
/** Each makes the provider work. */
export const OIDC_ROUTES: readonly RouteName[] = [`GET ${START_PATH}`, OIDC_CALLBACK];

/** How long somebody may take at the provider. */
const SIGN_IN_LIFETIME_MS = 10 * 60_000;
const REASON_LIMIT_CHARACTERS = 200;

export interface OidcRoutesDependencies extends SessionDependencies {
  /** Null in a deployment without a provider. */
  readonly oidc: OidcProvider | null;
  readonly addresses: { readonly playbackBaseUrl: string };
  /** Keeps a sign-in's secret while its browser is at the provider. */
  readonly signInCookie: HostCookie;
  readonly log: Logger;
}

const waysSchema = z
  .object({
    oidc: z
      .object({
        url: z.url().openapi({ description: 'Where a browser signs in' }),
        name: z.string().openapi({ example: 'accounts.example.com', description: 'Host of the provider' }),
      })
      .nullable()
      .openapi({ description: 'Null without an OpenID Connect provider' }),
  })
  .openapi('WaysToSignIn');

const waysRoute = createRoute({
  method: 'get',
  path: '/api/sign-in',
  summary: 'List the ways to sign in',
  description: 'Links of invitations and admin tokens always work.',
  security: PUBLIC,
  responses: { 200: json(waysSchema, 'What the studio offers'), ...problems() },
});

const redirect = (description: string) => ({
  description,
  headers: { Location: { schema: { type: 'string' as const } }, 'Set-Cookie': { schema: { type: 'string' as const } } },
});

const startRoute = createRoute({
  method: 'get',
  path: START_PATH,
  summary: 'Sign in at the OpenID Connect provider',
  description: 'For browsers.',
  security: PUBLIC,
  responses: { 302: redirect('Leads to the provider'), ...problems(404) },
});

const callbackRoute = createRoute({
  method: 'get',
  path: OIDC_CALLBACK_PATH,
  summary: 'Come back from the OpenID Connect provider',
  description:
    'For browsers. The session lasts 12 hours at most. Without a role, the studio opens with `#sign-in=refused`. If anything else is ' +
    'wrong, it opens with `#sign-in=failed`.',
  security: PUBLIC,
  responses: { 302: redirect('Leads to the studio'), ...problems(404) },
});

/** Adds the routes by which a browser signs in at the deployment's OpenID Connect provider. */
export function addOidcRoutes(app: OpenAPIHono, dependencies: OidcRoutesDependencies): void {
  const { oidc, addresses, signInCookie, randomBytes } = dependencies;

  app.openapi(waysRoute, (context) => {
    // The cookies are those of this host, whatever other name the API has.
    const url = `${addresses.playbackBaseUrl}${START_PATH}`;
    return context.json({ oidc: oidc === null ? null : { url, name: oidc.name } }, 200);
  });

  app.openapi(startRoute, async (context) => {
    const secret = generateSecret(randomBytes);
    const url = await requireProvider(oidc)
      .signInUrl(secret)
      .catch((error: unknown) => throwUnavailable(error, dependencies));
    signInCookie.set(context, secret, SIGN_IN_LIFETIME_MS);
    return context.redirect(url.href, 302);
  });

  app.openapi(callbackRoute, async (context) => {
    const identity = await identify(context, requireProvider(oidc), dependencies);
    // The browser's secret is for one sign-in.
    signInCookie.clear(context);
    if (identity === null) return context.redirect(`${STUDIO_PATH}#sign-in=failed`, 302);
    const { secret, stamp } = newSession(dependencies);
    const session = sessionOf(identity, stamp, dependencies.now());
    if (session === null) return context.redirect(`${STUDIO_PATH}#sign-in=refused`, 302);
    await startSession(context, { session, secret }, dependencies);
    return context.redirect(STUDIO_PATH, 302);
  });
}

/** Who has come back with this request. Null if nothing shows that somebody has signed in. Throws if the provider does not answer. */
async function identify(
  context: Context,
  provider: OidcProvider,
  dependencies: OidcRoutesDependencies,
): Promise<OidcIdentity | null> {
  const secret = dependencies.signInCookie.read(context) ?? '';
  const query = new URL(context.req.url).searchParams;
  // Before anything is asked: another page, or somebody without a sign-in, may lead a browser here.
  if (!SECRET_PATTERN.test(secret) || !provider.isAnswerTo(secret, query)) return null;
  try {
    return await provider.identify(secret, query);
  } catch (error) {
    if (isProviderUnavailable(error)) throwUnavailable(error, dependencies);
    dependencies.log.warn(reasonOf(error), 'a sign-in at the provider failed');
    return null;
  }
}

/** Null for somebody without a role. */
const sessionOf = (
  { issuer, subject, name, role }: OidcIdentity,
  stamp: Pick<SessionRecord, 'id' | 'secretHash' | 'createdAt'>,
  nowMs: number,
): SessionRecord | null =>
  role === null
    ? null
    : {
        ...{ ...stamp, name, role, personId: oidcPersonId(issuer, subject), token: null },
        expiresAtMs: nowMs + OIDC_SESSION_LIFETIME_MS,
      };

function requireProvider(oidc: OidcProvider | null): OidcProvider {
  if (oidc !== null) return oidc;
  throw new ProblemError({ status: 404, detail: 'There is no OpenID Connect provider here.' });
}

/** Whatever keeps a browser from going to the provider is about the provider, or about how it is set up. */
function throwUnavailable(error: unknown, { log }: Pick<OidcRoutesDependencies, 'log'>): never {
  log.error(reasonOf(error), 'the OpenID Connect provider cannot be used');
  throw new ProblemError(
    tryAgain('The place where you sign in does not answer. Try again, or use a link that somebody sends you.'),
  );
}

/** What a log may have of an error: nothing of the answers, which contain tokens, codes and people. */
function reasonOf(error: unknown): object {
  if (!(error instanceof Error)) return { reason: 'unknown' };
  const { code, error: answer } = error as { readonly code?: unknown; readonly error?: unknown };
  const cut = (text: unknown): string | undefined =>
    typeof text === 'string' ? text.slice(0, REASON_LIMIT_CHARACTERS) : undefined;
  const { cause } = error;
  return {
    ...{ reason: cut(error.message), code: cut(code), answer: cut(answer) },
    cause: cause instanceof Error ? cut(cause.message) : undefined,
  };
}
