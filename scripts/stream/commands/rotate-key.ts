import { streamWithKeySchema } from '#functions/control-api/schemas.ts';
import { defineCommand } from '../command.ts';
import { IF_VERSION_OPTIONS, parseIfVersion } from '../if-version.ts';
import { findStreamPath } from '../stream-path.ts';
import { publishText } from '../stream-text.ts';

/** `rotate-key`: for a key that got lost or into the wrong hands. */
export const rotateKey = defineCommand({
  name: 'rotate-key',
  summary: 'Give a stream a new key; who publishes with the old one is cut',
  notes: [],
  operand: 'STREAM',
  options: IF_VERSION_OPTIONS,
  async run({ operand, values }, { api, print }) {
    const path = `${await findStreamPath(api, operand)}/key`;
    const stream = await api.post({ path, ifVersion: parseIfVersion(values['if-version']) }, streamWithKeySchema);
    print(stream, () => `"${stream.title}" has a new key; the old one is dead.\n\n${publishText(stream)}`);
  },
});
