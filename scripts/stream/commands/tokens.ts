import { formatTable } from '#scripts/terminal/text-table.ts';
import { collectPages, LIMIT_OPTIONS, parseLimit } from '../collect-pages.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { findTokenId } from '../find-entry.ts';

const create = defineCommand({
  name: 'token create',
  summary: 'Make an admin token and show it, this once',
  notes: [],
  operand: null,
  options: { name: { type: 'string', placeholder: 'TEXT', help: 'whom or what it is for' } },
  async run({ values: { name } }, { api, print }) {
    if (name === undefined) throw new CommandError('usage', 'Say whom or what the token is for: --name TEXT.');
    const token = await api.createAdminToken(name);
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
    const rows = tokens.map(({ id, name, createdAt }) => [id, name, createdAt]);
    const toText = () =>
      tokens.length === 0 ? 'There are no tokens.' : formatTable([['ID', 'NAME', 'CREATED'], ...rows]);
    print({ tokens, nextCursor }, toText);
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

/** The commands for admin tokens, in the order of the help. */
export const TOKEN_COMMANDS: readonly Command[] = [create, list, revoke];
