import { z } from '@hono/zod-openapi';

const fieldsSchema = z.record(z.string(), z.unknown()).nullable();

/** A change that somebody made with the API. */
export const auditEntrySchema = z
  .object({
    id: z.string(),
    time: z.iso.datetime(),
    type: z.literal('api.changed'),
    tokenId: z.string().openapi({ description: 'Id of the admin token or session that made the change' }),
    tokenName: z.string().openapi({ description: 'Name of the token, or of the person' }),
    sourceAddress: z.string(),
    action: z.string().openapi({ example: 'PATCH /api/streams/{id}' }),
    path: z.string(),
    streamId: z.string().nullable(),
    status: z.number().int().openapi({ description: 'A change that failed with a 5xx may have been made in part' }),
    before: fieldsSchema.openapi({ description: 'The fields that differ, or all fields of what was removed' }),
    after: fieldsSchema.openapi({ description: 'The fields that differ, or all fields of what was created' }),
  })
  .openapi('AuditEntry');

/** Response of GET /api/audit. `nextCursor` is null on the last page. */
export const auditListSchema = z
  .object({ entries: z.array(auditEntrySchema), nextCursor: z.string().nullable() })
  .openapi('AuditEntryList');
