import { stopSchema } from '#functions/control-api/schemas.ts';
import { defineCommand } from '../command.ts';
import { findStreamPath } from '../stream-path.ts';

/** `stop`: ends the broadcast, not the stream. */
export const stopStream = defineCommand({
  name: 'stop',
  summary: 'End a broadcast within 2 s; the key stays valid for the next',
  notes: [],
  operand: 'STREAM',
  options: {},
  async run({ operand }, { api, print }) {
    const stop = await api.post({ path: `${await findStreamPath(api, operand)}/stop`, ifVersion: null }, stopSchema);
    print(stop, () => (stop.wasLive ? 'The broadcast ends.' : 'It was not on air.'));
  },
});
