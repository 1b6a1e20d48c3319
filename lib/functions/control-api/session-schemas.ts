import { z } from '@hono/zod-openapi';
import { scopesWithin, TOKEN_SCOPES } from '#domain/admin-tokens.ts';
import { ROLE_NAMES } from '#domain/roles.ts';
import type { InviteRecord, SessionRecord } from '#domain/sessions.ts';
import { SECRET_PATTERN } from '#domain/stream-ids.ts';
import { sessionCaller } from './admin-auth.ts';
import { nameSchema } from './schemas.ts';

const roleSchema = z.enum(ROLE_NAMES).openapi({
  description:
    '`owner` may do everything. `producer` creates and changes all streams. `broadcaster` does so with its own streams, ' +
    'and sees no others. `moderator` sees, stops and purges all streams',
});

const secretSchema = z.string().regex(SECRET_PATTERN, 'Must have 32 characters, from a to z and 2 to 7');

/** Body of POST /api/sessions. */
export const signInSchema = z
  .strictObject({
    token: secretSchema.optional().openapi({ description: 'An admin token. The session ends with it' }),
    invite: secretSchema.optional().openapi({ description: 'What an invitation has after `#invite=`. It works once' }),
  })
  .refine(({ token, invite }) => (token === undefined) !== (invite === undefined), 'Send either `token` or `invite`')
  .openapi('SignIn');

/** A session without its secret, which only the cookie has. */
export const sessionSchema = z
  .object({
    id: z.string(),
    name: z.string().openapi({ description: 'Of the person, or of the admin token that signed in' }),
    role: roleSchema.nullable().openapi({ description: 'Null if an admin token signed in' }),
    scope: z.enum(TOKEN_SCOPES),
    scopes: z.array(z.enum(TOKEN_SCOPES)).openapi({ description: 'The scope, and those that it includes' }),
    streamId: z.string().nullable().openapi({ description: 'The only stream that the session is for' }),
    personId: z.string().nullable().openapi({ description: '`owner.id` of the streams that the person has created' }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    isCurrent: z.boolean().openapi({ description: 'Whether the request was made with this session' }),
  })
  .openapi('Session');

/** Response of GET /api/sessions. `nextCursor` is null on the last page. */
export const sessionListSchema = z
  .object({ sessions: z.array(sessionSchema), nextCursor: z.string().nullable() })
  .openapi('SessionList');

/** Body of POST /api/invites. */
export const createInviteSchema = z
  .strictObject({
    name: nameSchema.openapi({ example: 'Ada', description: 'Whom it is for. The same name is the same person' }),
    role: roleSchema,
  })
  .openapi('CreateInvite');

/** An invitation without its secret. */
export const inviteSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: roleSchema,
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .openapi('Invite');

/** Response of POST /api/invites, the only one with the secret. */
export const createdInviteSchema = inviteSchema
  .extend({ url: z.url().openapi({ description: 'Signs in whoever opens it first' }) })
  .openapi('CreatedInvite');

/** Response of GET /api/invites. `nextCursor` is null on the last page. */
export const inviteListSchema = z
  .object({ invites: z.array(inviteSchema), nextCursor: z.string().nullable() })
  .openapi('InviteList');

/** A session as the API shows it to whoever has the session with the id `currentId`. */
export function toSessionBody(session: SessionRecord, currentId: string | null): z.infer<typeof sessionSchema> {
  const { id, name, role, token, personId, createdAt, expiresAtMs } = session;
  const { scope } = sessionCaller(session);
  return {
    ...{ id, name, role, scope, personId, createdAt },
    scopes: [...scopesWithin(scope)],
    streamId: token?.streamId ?? null,
    expiresAt: new Date(expiresAtMs).toISOString(),
    isCurrent: id === currentId,
  };
}

export const toInviteBody = ({
  id,
  name,
  role,
  createdAt,
  expiresAtMs,
}: InviteRecord): z.infer<typeof inviteSchema> => ({
  ...{ id, name, role, createdAt },
  expiresAt: new Date(expiresAtMs).toISOString(),
});
