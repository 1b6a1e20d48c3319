import { createdTokenSchema } from '#functions/control-api/schemas.ts';
import { defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';

/** `token create`: the only command that shows a token. */
export const createToken = defineCommand({
  name: 'token create',
  summary: 'Make an admin token and show it, this once',
  notes: [],
  operand: null,
  options: { name: { type: 'string', placeholder: 'TEXT', help: 'whom or what it is for' } },
  async run({ values: { name } }, { api, print }) {
    if (name === undefined) throw new CommandError('usage', 'Say whom or what the token is for: --name TEXT.');
    const token = await api.post({ path: '/tokens', body: { name }, ifVersion: null }, createdTokenSchema);
    print(token, () => `${token.token}\n\nThat is the token "${token.name}" (${token.id}), shown this once.`);
  },
});
