import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi';
import { AUDIT_RETENTION_DAYS, type AuditStore } from '#runtime/audit-store.ts';
import { auditListSchema } from './audit-schemas.ts';
import { eventPageQuerySchema } from './parameter-schemas.ts';
import { json, problems } from './responses.ts';
import { needs } from './route-access.ts';

/** The store and the clock that the route of the audit trail uses. */
export interface AuditRouteDependencies {
  readonly audit: Pick<AuditStore, 'list'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const listAuditRoute = createRoute({
  method: 'get',
  path: '/api/audit',
  summary: 'List changes',
  description:
    `Who changed what with this API in the last ${AUDIT_RETENTION_DAYS} days, the newest first. A page may be empty ` +
    'although others follow. Viewer tokens, refused requests and repeats are in the log only.',
  security: needs('admin'),
  request: { query: eventPageQuerySchema },
  responses: { 200: json(auditListSchema, 'A page of changes'), ...problems(422) },
});

/** Adds the route that lists the audit trail. */
export function addAuditRoutes(app: OpenAPIHono, { audit, now }: AuditRouteDependencies): void {
  app.openapi(listAuditRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const page = await audit.list({ limit, position: cursor ?? null, nowMs: now() });
    const entries = page.entries as z.infer<typeof auditListSchema>['entries'];
    return context.json({ entries, nextCursor: page.nextPosition }, 200);
  });
}
