import { VIEWER_TOKEN_TTL_SECONDS } from '#domain/viewer-tokens.ts';
import { viewerTokenSchema } from '#functions/control-api/schemas.ts';
import { formatTable } from '#scripts/terminal/text-table.ts';
import { defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { findStreamPath } from '../stream-path.ts';

const { shortest, longest, usual } = VIEWER_TOKEN_TTL_SECONDS;

/** `viewer-token`: addresses that let somebody watch a stream with playback "token". */
export const createViewerToken = defineCommand({
  name: 'viewer-token',
  summary: 'Make a link to watch a stream with playback "token"',
  notes: ['Whoever has the link can watch until it expires; it cannot be taken back before.'],
  operand: 'STREAM',
  options: {
    ttl: {
      type: 'string',
      placeholder: 'SECONDS',
      help: `how long it is good for: ${shortest} to ${longest}; default ${usual}`,
    },
  },
  async run({ operand, values }, { api, print }) {
    const body = { ttlSeconds: parseTtl(values.ttl) };
    const path = `${await findStreamPath(api, operand)}/viewer-tokens`;
    const viewerToken = await api.post({ path, body, ifVersion: null }, viewerTokenSchema);
    const { watchUrl, url, expiresAt } = viewerToken;
    print(viewerToken, () =>
      formatTable([
        ['Watch', watchUrl],
        ['Playlist', url],
        ['Expires', expiresAt],
      ]),
    );
  },
});

/** The API says which numbers are good. */
function parseTtl(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CommandError('usage', '--ttl must be a whole number of seconds.');
}
