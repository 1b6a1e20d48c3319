import { TOKEN_SCOPES, UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import type { ListedToken } from '#scripts/api/control-api-client.ts';
import { formatTable } from '#scripts/terminal/text-table.ts';
import { collectPages, LIMIT_OPTIONS, parseLimit } from '../collect-pages.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { findStreamId, findTokenId } from '../find-entry.ts';
import { parseExpiry } from '../parse-expiry.ts';

const create = defineCommand({
  name: 'token create',
  summary: 'Make an admin token and show it, this once',
  notes: [
    'streams:read lists and shows streams. streams:end also stops and purges them. streams:write also creates, changes and',
    'deletes them, and makes viewer tokens. admin may do everything. A token for one stream sees and changes no other, and',
    'creates none.',
  ],
  operand: null,
  options: {
    name: { type: 'string', placeholder: 'TEXT', help: 'whom or what it is for' },
    scope: {
      type: 'string',
      placeholder: 'SCOPE',
      help: `${TOKEN_SCOPES.join(', ')}; default ${UNLIMITED_TOKEN.scope}`,
    },
    stream: { type: 'string', placeholder: 'STREAM', help: 'the only stream that it is for; default all' },
    expires: {
      type: 'string',
      placeholder: 'WHEN',
      help: 'after a while, as in 12h, 30d or 4w, or at a moment, as in 2030-01-31T18:00:00Z; default never',
    },
  },
  async run({ values: { name, scope, stream, expires } }, { api, print }) {
    if (name === undefined) throw new CommandError('usage', 'Say whom or what the token is for: --name TEXT.');
    const expiresAt = expires === undefined ? undefined : parseExpiry(expires, Date.now());
    const streamId = stream === undefined ? undefined : await findStreamId(api, stream);
    const token = await api.createAdminToken({ name, scope, streamId, expiresAt });
    print(token, () => `${token.token}\n\nThat is the token "${token.name}" (${token.id}), shown this once.`);
  },
});

/** The JSON is one object like the API's, with all tokens up to the limit. */
const list = defineCommand({
  name: 'token list',
  summary: 'List the admin tokens that were made with the API',
  notes: [],
  operand: null,
  options: LIMIT_OPTIONS,
  async run({ values }, { api, print, note }) {
    const limit = parseLimit(values.limit);
    const { entries: tokens, nextCursor } = await collectPages((query) => api.listAdminTokens(query), limit);
    print({ tokens, nextCursor }, () => tokenListText(tokens));
    if (nextCursor !== null) note('There are more: raise --limit.');
  },
});

const revoke = defineCommand({
  name: 'token revoke',
  summary: 'Revoke an admin token; it is refused within 3 s',
  notes: [],
  operand: 'TOKEN',
  options: {},
  async run({ operand }, { api, print }) {
    const id = await findTokenId(api, operand);
    await api.revokeAdminToken(id);
    print({ id, revoked: true }, () => `Revoked the token ${id}.`);
  },
});

function tokenListText(tokens: readonly ListedToken[]): string {
  if (tokens.length === 0) return 'There are no tokens.';
  return formatTable([
    ['ID', 'NAME', 'SCOPE', 'STREAM', 'CREATED', 'EXPIRES', 'LAST USED'],
    ...tokens.map(({ id, name, scope, streamId, createdAt, expiresAt, lastUsedAt }) => {
      return [id, name, scope, streamId ?? 'all', createdAt, expiresAt ?? 'never', lastUsedAt ?? 'never'];
    }),
  ]);
}

/** The commands for admin tokens, in the order of the help. */
export const TOKEN_COMMANDS: readonly Command[] = [create, list, revoke];
