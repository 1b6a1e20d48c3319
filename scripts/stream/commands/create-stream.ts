import { streamWithKeySchema } from '#functions/control-api/schemas.ts';
import { defineCommand } from '../command.ts';
import { SETTINGS_OPTIONS, toSettings } from '../stream-settings.ts';
import { publishText } from '../stream-text.ts';

/** `create`: the only command besides `rotate-key` that shows a stream key. */
export const createStream = defineCommand({
  name: 'create',
  summary: 'Create a stream and show its key, this once',
  notes: [],
  operand: null,
  options: SETTINGS_OPTIONS,
  async run({ values }, { api, print }) {
    const stream = await api.post({ path: '/streams', body: toSettings(values), ifVersion: null }, streamWithKeySchema);
    print(stream, () => `Created "${stream.title}" with id ${stream.id}.\n\n${publishText(stream)}`);
  },
});
