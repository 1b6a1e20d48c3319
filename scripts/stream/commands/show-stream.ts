import { streamSchema } from '#functions/control-api/schemas.ts';
import { defineCommand } from '../command.ts';
import { findStreamPath } from '../stream-path.ts';
import { streamText } from '../stream-text.ts';

/** `show`: settings, addresses and health of a stream. */
export const showStream = defineCommand({
  name: 'show',
  summary: 'Show a stream with its addresses and health',
  notes: [],
  operand: 'STREAM',
  options: {},
  async run({ operand }, { api, print }) {
    const stream = await api.get(await findStreamPath(api, operand), streamSchema);
    print(stream, () => streamText(stream));
  },
});
