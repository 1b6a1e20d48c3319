import { isDeepStrictEqual } from 'node:util';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import { TOKEN_SCOPES, type TokenScope } from '#domain/admin-tokens.ts';

/** Security requirements of a route, as alternatives (OpenAPI 3.1, "Security Requirement Object"). */
type SecurityRequirements = Partial<Record<SecurityScheme, TokenScope[]>>[];

/** How callers show who they are. */
const SECURITY_SCHEMES = ['adminToken', 'session'] as const;
type SecurityScheme = (typeof SECURITY_SCHEMES)[number];

/** Security requirement of a route that anybody may call. */
export const PUBLIC: SecurityRequirements = [];

/** Security requirements of a route that needs this scope. */
export const needs = (scope: TokenScope): SecurityRequirements =>
  SECURITY_SCHEMES.map((scheme) => ({ [scheme]: [scope] }));

/** What a route needs: nothing, or this scope. */
export type RouteAccess = 'public' | TokenScope;

/** A route by its method and its path, as in `POST /api/streams/:id/stop`. */
export type RouteName = string;

/**
 * The access of each route, as the route's definition declares it (`needs`, `PUBLIC`). A route that declares nothing is
 * missing, and must be refused.
 */
export function readRouteAccess(app: OpenAPIHono): ReadonlyMap<RouteName, RouteAccess> {
  const access = new Map<RouteName, RouteAccess>();
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue;
    const { method, path, security } = definition.route;
    const declared = toAccess(security);
    if (declared !== null) access.set(toRouteName(method, path), declared);
  }
  return access;
}

/** The name of a route by its method and path in the OpenAPI document. */
export const toRouteName = (method: string, path: string): RouteName =>
  `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`;

/** Methods that change nothing. */
const READING_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** Whether a request changes nothing. */
export const isReading = ({ req }: Context): boolean => READING_METHODS.includes(req.method);

/** The route that answers a request. Null if there is none. */
export function routeOf(context: Context): RouteName | null {
  // Middleware is registered for all methods.
  const route = matchedRoutes(context).findLast(({ method }) => method !== 'ALL');
  return route === undefined ? null : `${route.method} ${route.path}`;
}

function toAccess(security: readonly object[] | undefined): RouteAccess | null {
  if (security === undefined) return null;
  if (security.length === 0) return 'public';
  return TOKEN_SCOPES.find((scope) => isDeepStrictEqual(security, needs(scope))) ?? null;
}
