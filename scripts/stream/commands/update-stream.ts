import { streamSchema } from '#functions/control-api/schemas.ts';
import { defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { IF_VERSION_OPTIONS, parseIfVersion } from '../if-version.ts';
import { findStreamPath } from '../stream-path.ts';
import { SETTINGS_OPTIONS, toSettings } from '../stream-settings.ts';
import { streamText } from '../stream-text.ts';

/** `update`: changes the settings that are given. */
export const updateStream = defineCommand({
  name: 'update',
  summary: 'Change settings; a broadcast on air goes on as it began',
  notes: [
    'What is not given stays as it is. --allow-source replaces all that were allowed.',
    'Another --playback gives the stream new addresses for viewers; a broadcast on air keeps the old ones to its end.',
  ],
  operand: 'STREAM',
  options: { ...SETTINGS_OPTIONS, ...IF_VERSION_OPTIONS },
  async run({ operand, values }, { api, print }) {
    const body = toSettings(values);
    if (Object.values(body).every((value) => value === undefined)) {
      throw new CommandError('usage', 'Say what to change: --title, --ladder, --latency, ...; --help shows all.');
    }
    const path = await findStreamPath(api, operand);
    const stream = await api.patch({ path, body, ifVersion: parseIfVersion(values['if-version']) }, streamSchema);
    print(stream, () => streamText(stream));
  },
});
