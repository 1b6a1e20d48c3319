import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import { TOKEN_SCOPES, type TokenScope } from '#domain/admin-tokens.ts';

/** Security requirement of a route that anybody may call. */
export const PUBLIC: { adminToken: TokenScope[] }[] = [];

/** Security requirement of a route that needs a token with this scope (OpenAPI 3.1, "Security Requirement Object"). */
export const needs = (scope: TokenScope): { adminToken: TokenScope[] }[] => [{ adminToken: [scope] }];

/** What a route needs: nothing, or a token with this scope. */
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
    if (declared !== null) access.set(`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`, declared);
  }
  return access;
}

/** The route that answers a request. Null if there is none. */
export function routeOf(context: Context): RouteName | null {
  // Middleware is registered for all methods.
  const route = matchedRoutes(context).findLast(({ method }) => method !== 'ALL');
  return route === undefined ? null : `${route.method} ${route.path}`;
}

function toAccess(security: readonly Readonly<Record<string, readonly string[]>>[] | undefined): RouteAccess | null {
  if (security === undefined) return null;
  if (security.length === 0) return 'public';
  const [requirement, ...others] = security;
  const scope = TOKEN_SCOPES.find((known) => known === requirement?.adminToken?.[0]);
  return scope === undefined || others.length > 0 ? null : scope;
}
