import { z } from '@hono/zod-openapi';
import { PURGE_STATUSES, type PurgeRecord } from '#domain/purges.ts';
import { idPathSchema } from './parameter-schemas.ts';

/** Path of one purge. It accepts any text, because a text that is no id is a 404. */
export const purgePathSchema = idPathSchema.extend({ purgeId: z.string().openapi({ example: 'q2mzp4xw6taak3v7' }) });

/** A purge as the API shows it. */
export const purgeSchema = z
  .object({
    purgeId: z.string(),
    status: z.enum(PURGE_STATUSES).openapi({
      description: '"completed" when neither an encoder task nor a cache of the CDN answers for the old addresses',
    }),
    requestedAt: z.iso.datetime(),
    completedAt: z.iso.datetime().nullable(),
  })
  .openapi('Purge');

export type PurgeBody = z.infer<typeof purgeSchema>;

/** What callers need to know of a purge. */
export const toPurgeBody = ({ purgeId, requestedAt, completedAt }: PurgeRecord): PurgeBody => ({
  purgeId,
  status: completedAt === null ? 'in-progress' : 'completed',
  requestedAt,
  completedAt,
});
