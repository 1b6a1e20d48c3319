import type { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { authenticate, type KnownCallers } from './admin-auth.ts';
import { authorise, type OwnerLookup } from './authorise.ts';
import { requireOwnPage } from './own-pages.ts';
import { isReading, type RouteAccess, type RouteName, readRouteAccess, routeOf } from './route-access.ts';

export interface AccessOptions extends KnownCallers, OwnerLookup {
  /** Routes that are not in the OpenAPI document and need no token. */
  readonly publicRoutes: readonly RouteName[];
  /** The origin of the platform's pages. */
  readonly ownOrigin: string;
}

/**
 * Lets a request through to its route if the caller may make it. A route that does not declare who may call it
 * answers nobody: the request ends as an error of the server.
 */
export function checkAccess(app: OpenAPIHono, options: AccessOptions): MiddlewareHandler {
  let accessByRoute: ReadonlyMap<RouteName, RouteAccess> | null = null;
  return async (context, next) => {
    const route = routeOf(context);
    if (route === null || options.publicRoutes.includes(route)) return next();
    // The first request comes when all routes have been added.
    accessByRoute ??= readRouteAccess(app);
    const access = accessByRoute.get(route);
    if (access === undefined) throw new Error(`the route ${route} does not declare who may call it`);
    if (access === 'public') return next();
    const caller = await authenticate(context, options);
    // Set first, so that the log can say who may not.
    context.set('caller', caller);
    if (caller.session !== null && !isReading(context)) requireOwnPage(context, options.ownOrigin);
    await authorise(caller, { route, scope: access, path: context.req.path }, options);
    return next();
  };
}
