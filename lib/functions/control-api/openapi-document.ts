import type { OpenAPIHono } from '@hono/zod-openapi';
import { rolesFor } from './authorise.ts';
import type { OpenApiDocument } from './docs-page.ts';
import { readRouteAccess, toRouteName } from './route-access.ts';

const DOCUMENT_HEAD = { openapi: '3.1.0', info: { title: 'Headend control API', version: '1' } };

/** The OpenAPI document of all routes. `x-roles` says which roles may call each of them. */
export function openApiDocument(app: OpenAPIHono): OpenApiDocument {
  const document = app.getOpenAPI31Document(DOCUMENT_HEAD);
  const access = readRouteAccess(app);
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries(item).map(([method, operation]) => {
        const route = toRouteName(method, path);
        const scope = access.get(route);
        const isOpen = scope === undefined || scope === 'public';
        return [method, isOpen ? operation : { ...operation, 'x-roles': rolesFor(route, scope) }];
      }),
    ),
  ]);
  return { ...document, paths: Object.fromEntries(paths) };
}
