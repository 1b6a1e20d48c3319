import { z } from '@hono/zod-openapi';
import { TOKEN_SCOPES } from '#domain/admin-tokens.ts';
import { STREAM_ID_PATTERN } from '#domain/stream-ids.ts';
import { momentSchema, nameSchema } from './schemas.ts';

const scopeSchema = z.enum(TOKEN_SCOPES).openapi({
  description:
    '`streams:read` shows streams. `streams:end` also stops and purges them. `streams:write` also creates, changes and ' +
    'deletes them and makes viewer tokens. `admin` may do everything',
});

/** Body of POST /api/tokens. */
export const createTokenSchema = z
  .strictObject({
    name: nameSchema.openapi({ example: 'ci' }),
    scope: scopeSchema.default('admin'),
    streamId: z.string().regex(STREAM_ID_PATTERN, 'Must be the id of a stream').nullable().default(null).openapi({
      description: 'The only stream that the token is for. Not with the scope `admin`',
      example: 'k3v7q2mzp4xw6taa',
    }),
    expiresAt: momentSchema
      .default(null)
      .openapi({ description: 'The token is refused from this moment on. It must be in the future' }),
  })
  .openapi('CreateToken');

/** An admin token without its secret. */
export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scope: scopeSchema,
    streamId: z.string().nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().openapi({ description: 'To the hour' }),
  })
  .openapi('AdminToken');

/** Response of POST /api/tokens, the only one with the secret. */
export const createdTokenSchema = tokenSchema.extend({ token: z.string() }).openapi('CreatedAdminToken');

/** Response of GET /api/tokens. `nextCursor` is null on the last page. */
export const tokenListSchema = z
  .object({ tokens: z.array(tokenSchema), nextCursor: z.string().nullable() })
  .openapi('AdminTokenList');
