import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { SLATE_IMAGE_LIMITS } from '#domain/slate-images.ts';
import type { AuditStore } from '#runtime/audit-store.ts';
import type { SessionStore } from '#runtime/session-store.ts';
import type { TimelineStore } from '#runtime/timeline-store.ts';
import { addAuditRoutes } from './audit-routes.ts';
import { type AuditDependencies, auditChanges } from './audit-trail.ts';
import { addBackupKeyRoutes } from './backup-key-routes.ts';
import { addBroadcastRoutes } from './broadcast-routes.ts';
import { CallerLimits, type CallerRates } from './caller-limits.ts';
import { checkAccess } from './check-access.ts';
import { noteCredential } from './credentials.ts';
import { addDocsRoutes, DOCS_ROUTES } from './docs-routes.ts';
import { addEventsRoutes, type EventsDependencies } from './events-routes.ts';
import { HostCookie } from './host-cookie.ts';
import { addInviteRoutes } from './invite-routes.ts';
import { limitCallers } from './limit-callers.ts';
import { addOidcRoutes, type OidcRoutesDependencies } from './oidc-routes.ts';
import { openApiDocument } from './openapi-document.ts';
import { addPageRoutes, PAGE_ROUTES, type PagesDependencies } from './page-routes.ts';
import { addPreviewTokensRoutes } from './preview-tokens-routes.ts';
import { createErrorHandler, problemResponse, refuseInvalid } from './problem.ts';
import { addPurgeRoutes } from './purge-routes.ts';
import { PUBLIC, routeOf } from './route-access.ts';
import { serviceHealthSchema } from './schemas.ts';
import { createSessionLookup } from './session-lookup.ts';
import { addSessionRoutes } from './session-routes.ts';
import { addSignInRoute } from './sign-in-route.ts';
import { addSlateImageRoutes, PUT_SLATE_IMAGE, SLATE_IMAGE_WEIGHT } from './slate-image-routes.ts';
import type { StreamsDependencies } from './stream-access.ts';
import { addStreamsRoutes } from './streams-routes.ts';
import { addTasksRoutes, type TasksDependencies } from './tasks-routes.ts';
import { createTokenLookup } from './token-lookup.ts';
import { addTokensRoutes, type TokensDependencies } from './tokens-routes.ts';
import { addTraceRoutes } from './trace-routes.ts';
import { addViewerTokensRoutes } from './viewer-tokens-routes.ts';

/** No body of JSON that means anything is nearly as long. */
const BODY_LIMIT_BYTES = 16 * 1024;
/** The longest body that any route takes. */
export const LARGEST_BODY_BYTES = SLATE_IMAGE_LIMITS.bytes;

const DOCUMENT_PATH = '/api/openapi.json';

/** The stores, settings and sources of time and randomness that the control API uses. */
export interface ControlApiDependencies
  extends StreamsDependencies,
    TasksDependencies,
    TokensDependencies,
    AuditDependencies,
    EventsDependencies,
    PagesDependencies {
  /** SHA-256 in hex of each bootstrap token, which is valid without a record in the table. May be empty. */
  readonly bootstrapHashes: readonly string[];
  /** How often each caller may ask this instance. */
  readonly callerRates: CallerRates;
  readonly audit: AuditStore;
  readonly sessions: SessionStore;
  readonly oidc: OidcRoutesDependencies['oidc'];
  readonly timelines: TimelineStore;
  readonly tasks: TasksDependencies['tasks'];
  readonly live: StreamsDependencies['live'] & PagesDependencies['live'];
  readonly addresses: StreamsDependencies['addresses'];
}

const HEALTH_PATH = '/api/health';

const healthRoute = createRoute({
  method: 'get',
  path: HEALTH_PATH,
  summary: 'Check that the API is up',
  security: PUBLIC,
  responses: {
    200: { description: 'The API is up', content: { 'application/json': { schema: serviceHealthSchema } } },
  },
});

/** The control API as a Hono app. Every error response is problem+json (RFC 9457). */
export function createApp(dependencies: ControlApiDependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid });
  app.onError(createErrorHandler(dependencies.log));
  app.notFound(() => problemResponse({ status: 404, detail: 'There is nothing at this path.' }));
  app.use(async (context, next) => {
    await next();
    // Only what everybody may read says that it may be kept.
    if (!context.res.headers.has('Cache-Control')) context.header('Cache-Control', 'no-store');
  });
  app.use(methodNotAllowed({ app, onMethodNotAllowed: (_context, methods) => refuseMethod(methods) }));
  const { playbackBaseUrl } = dependencies.addresses;
  const ownOrigin = new URL(playbackBaseUrl).origin;
  const cookie = new HostCookie({ baseUrl: playbackBaseUrl, name: 'headend-session', sameSite: 'Strict' });
  // The provider leads browsers back to us.
  const signInCookie = new HostCookie({ baseUrl: playbackBaseUrl, name: 'headend-sign-in', sameSite: 'Lax' });
  const lookup = createTokenLookup({ ...dependencies, store: dependencies.tokens });
  const sessions = createSessionLookup({ ...dependencies, store: dependencies.sessions, tokens: lookup });
  const limits = new CallerLimits(dependencies.callerRates, dependencies.now);
  const weights = { [PUT_SLATE_IMAGE]: SLATE_IMAGE_WEIGHT };
  app.use(noteCredential(cookie));
  const unlimitedRoutes = [`GET ${HEALTH_PATH}`, ...PAGE_ROUTES];
  app.use(limitCallers({ ...dependencies, limits, lookup, sessions, weights, unlimitedRoutes }));
  app.use(auditChanges(dependencies));
  app.use(
    checkAccess(app, {
      ...dependencies,
      ...{ lookup, sessions, ownOrigin },
      publicRoutes: [...DOCS_ROUTES, ...PAGE_ROUTES, `GET ${DOCUMENT_PATH}`],
    }),
  );
  const [limitPicture, limitBody] = [limitTo(LARGEST_BODY_BYTES), limitTo(BODY_LIMIT_BYTES)];
  app.use((context, next) => (routeOf(context) === PUT_SLATE_IMAGE ? limitPicture : limitBody)(context, next));

  app.openapi(healthRoute, (context) => context.json({ status: 'ok' as const }, 200));
  addStreamsRoutes(app, dependencies);
  addBroadcastRoutes(app, dependencies);
  addBackupKeyRoutes(app, dependencies);
  addSlateImageRoutes(app, dependencies);
  addPurgeRoutes(app, dependencies);
  addTraceRoutes(app, dependencies);
  addEventsRoutes(app, dependencies);
  addViewerTokensRoutes(app, dependencies);
  addPreviewTokensRoutes(app, dependencies);
  addTasksRoutes(app, dependencies);
  addTokensRoutes(app, dependencies, lookup);
  addSignInRoute(app, { ...dependencies, lookup, cookie, ownOrigin });
  addOidcRoutes(app, { ...dependencies, cookie, signInCookie });
  addSessionRoutes(app, { ...dependencies, sessionLookup: sessions, cookie });
  addInviteRoutes(app, dependencies);
  addAuditRoutes(app, dependencies);
  addPageRoutes(app, dependencies);
  addSecuritySchemes(app, cookie);
  app.get(DOCUMENT_PATH, (context) => context.json(openApiDocument(app)));
  addDocsRoutes(app, { document: DOCUMENT_PATH, baseUrl: playbackBaseUrl }, () => openApiDocument(app));
  return app;
}

function addSecuritySchemes(app: OpenAPIHono, cookie: HostCookie): void {
  const add = (name: string, scheme: object) =>
    app.openAPIRegistry.registerComponent('securitySchemes', name, scheme as { type: 'http' });
  add('adminToken', { type: 'http', scheme: 'bearer' });
  const description = 'From signing in. Only pages of this platform can change something with it';
  add('session', { type: 'apiKey', in: 'cookie', name: cookie.name, description });
}

const refuseMethod = (methods: readonly string[]): Response =>
  problemResponse({
    status: 405,
    detail: `Allowed methods: ${methods.join(', ')}.`,
    headers: { Allow: methods.join(', ') },
  });

const limitTo = (maxSize: number): MiddlewareHandler =>
  bodyLimit({
    maxSize,
    onError: () => problemResponse({ status: 413, detail: `The body is larger than ${maxSize} bytes.` }),
  });
