import { formatTable } from '#scripts/terminal/text-table.ts';
import { collectPages, LIMIT_OPTIONS, parseLimit } from '../collect-pages.ts';
import { defineCommand } from '../command.ts';
import { tokenPages } from '../token-pages.ts';

/** `token list`: JSON is one object as the API gives it, with all `tokens` up to the limit. */
export const listTokens = defineCommand({
  name: 'token list',
  summary: 'List the admin tokens that were made by the API',
  notes: [],
  operand: null,
  options: LIMIT_OPTIONS,
  async run({ values }, { api, print, note }) {
    const { entries: tokens, nextCursor } = await collectPages(tokenPages(api), parseLimit(values.limit));
    const rows = tokens.map(({ id, name, createdAt }) => [id, name, createdAt]);
    const toText = () =>
      tokens.length === 0 ? 'There are no tokens.' : formatTable([['ID', 'NAME', 'CREATED'], ...rows]);
    print({ tokens, nextCursor }, toText);
    if (nextCursor !== null) note('There are more: raise --limit.');
  },
});
