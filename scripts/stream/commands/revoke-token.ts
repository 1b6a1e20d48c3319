import { defineCommand } from '../command.ts';
import { findId } from '../find-entry.ts';
import { tokenPages } from '../token-pages.ts';

/** `token revoke`: refused within 3 s. */
export const revokeToken = defineCommand({
  name: 'token revoke',
  summary: 'Revoke an admin token; it is refused within 3 s',
  notes: [],
  operand: 'TOKEN',
  options: {},
  async run({ operand }, { api, print }) {
    const id = await findId(operand, tokenPages(api), { noun: 'token', nameOf: ({ name }) => name });
    await api.delete({ path: `/tokens/${encodeURIComponent(id)}`, ifVersion: null });
    print({ id, revoked: true }, () => `Revoked the token ${id}.`);
  },
});
