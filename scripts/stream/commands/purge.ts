import { setTimeout as pause } from 'node:timers/promises';
import type { PurgeBody } from '#functions/control-api/purge-schemas.ts';
import type { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { findStreamId } from '../find-entry.ts';

const POLL_MS = 1_000;
/** CloudFront usually takes less than a minute. */
const POLLS = 10 * 60;

/** The command that takes a stream down. */
export const purge = defineCommand({
  name: 'purge',
  summary: 'Take a stream down: end it, and leave nothing at its addresses',
  notes: [
    'The stream gets new addresses. The old ones stop working, at the encoders and in the caches of the CDN.',
    'The key stays valid: rotate it first if its owner must not publish again. On a terminal it asks first.',
    'It waits until everything is gone, for ten minutes at most.',
  ],
  operand: 'STREAM',
  options: { yes: { type: 'boolean', short: 'y', help: 'do not ask' } },
  async run({ operand, values }, { api, print, note, confirm }) {
    const { id, title, status } = await api.getStream(await findStreamId(api, operand));
    const question = `Take "${title}" (${id}${status === 'live' ? ', on air' : ''}) down?`;
    if (values.yes !== true && !(await confirm(question))) throw new CommandError('refused', 'Nothing was purged.');
    const begun = await api.purgeStream(id);
    note('The stream ends. Waiting until neither an encoder nor a cache of the CDN has anything of it.');
    const completed = await untilCompleted(api, id, begun);
    print(completed, () => `Nothing is left at the old addresses of "${title}" (${id}).`);
  },
});

async function untilCompleted(api: ControlApiClient, streamId: string, { purgeId }: PurgeBody): Promise<PurgeBody> {
  for (let poll = 0; poll < POLLS; poll += 1) {
    const purge = await api.getPurge(streamId, purgeId);
    if (purge.status === 'completed') return purge;
    await pause(POLL_MS);
  }
  const message = `The purge ${purgeId} is not completed after ten minutes. Ask for /streams/${streamId}/purges/${purgeId}.`;
  throw new CommandError('refused', message);
}
