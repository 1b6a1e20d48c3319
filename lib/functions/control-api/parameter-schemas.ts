import { z } from '@hono/zod-openapi';
import { ID_PATTERN } from '#domain/stream-ids.ts';
import { EVENT_POSITION_PATTERN } from '#runtime/event-position.ts';
import { IDEMPOTENCY_WINDOW_MS } from '#runtime/idempotency-store.ts';
import { BATCH_GET_LIMIT } from '#runtime/live-item.ts';

/** RFC 9110 section 13.1.1, limited to visible ASCII. */
const ENTITY_TAGS_PATTERN = /^(?:\*|(?:W\/)?"[\x21\x23-\x7e]*"(?: *, *(?:W\/)?"[\x21\x23-\x7e]*")*)$/;

const DEFAULT_PAGE_ENTRIES = 50;

/** Query of a list. Clients treat the cursor as opaque. It is the last id of the previous page. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(BATCH_GET_LIMIT).default(DEFAULT_PAGE_ENTRIES).openapi({
    type: 'integer',
    minimum: 1,
    maximum: BATCH_GET_LIMIT,
    default: DEFAULT_PAGE_ENTRIES,
    description: 'Maximum number of entries on a page. Any page may have fewer',
  }),
  cursor: z
    .string()
    .regex(ID_PATTERN, 'Must be the nextCursor of another page')
    .optional()
    .openapi({ description: '`nextCursor` of the previous page' }),
});

/** Query of a list of what happened. */
export const eventPageQuerySchema = pageQuerySchema.extend({
  cursor: z
    .string()
    .regex(EVENT_POSITION_PATTERN, 'Must be the nextCursor of another page')
    .optional()
    .openapi({ description: '`nextCursor` of the previous page', example: '001735787045678-k3v7q2mzp4xw6taa' }),
});

/** Path of one stream or token. It accepts any text, because a text that is no id is a 404. */
export const idPathSchema = z.object({ id: z.string().openapi({ example: 'k3v7q2mzp4xw6taa' }) });

const IDEMPOTENCY_WINDOW_HOURS = IDEMPOTENCY_WINDOW_MS / 3_600_000;

/** Header that makes a POST safe to repeat (draft-ietf-httpapi-idempotency-key-header). */
export const idempotencyHeaderSchema = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'Must be 1 to 255 visible ASCII characters')
    .optional()
    .openapi({
      description: `Repeats with the same key and body within ${IDEMPOTENCY_WINDOW_HOURS} hours get the same response`,
    }),
});

/** Header of a change that must fail if another client has changed the stream first (RFC 9110 section 13.1.1). */
export const ifMatchHeaderSchema = z.object({
  'if-match': z
    .string()
    .regex(ENTITY_TAGS_PATTERN, 'Must be * or a list of quoted entity tags')
    .optional()
    .openapi({ description: '`ETag` of the version to change', example: '"3"' }),
});
