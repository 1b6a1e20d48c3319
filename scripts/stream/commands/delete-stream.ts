import { streamSchema } from '#functions/control-api/schemas.ts';
import { defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { IF_VERSION_OPTIONS, parseIfVersion } from '../if-version.ts';
import { findStreamPath } from '../stream-path.ts';

/** `delete`: asks the person at the keyboard first. */
export const deleteStream = defineCommand({
  name: 'delete',
  summary: 'Delete a stream; a broadcast on air ends',
  notes: ['On a terminal it asks first.'],
  operand: 'STREAM',
  options: { yes: { type: 'boolean', short: 'y', help: 'do not ask' }, ...IF_VERSION_OPTIONS },
  async run({ operand, values }, { api, print, confirm }) {
    const path = await findStreamPath(api, operand);
    const { id, title, status } = await api.get(path, streamSchema);
    const question = `Delete "${title}" (${id}${status === 'live' ? ', on air' : ''}) for ever?`;
    if (values.yes !== true && !(await confirm(question))) throw new CommandError('refused', 'Nothing was deleted.');
    await api.delete({ path, ifVersion: parseIfVersion(values['if-version']) });
    print({ id, deleted: true }, () => `Deleted "${title}" (${id}).`);
  },
});
