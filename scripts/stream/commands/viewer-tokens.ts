import { VIEWER_TOKEN_TTL_SECONDS } from '#domain/viewer-tokens.ts';
import { formatTable } from '#scripts/terminal/text-table.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { findStreamId } from '../find-entry.ts';

const { shortest, longest, usual } = VIEWER_TOKEN_TTL_SECONDS;

const createViewerToken = defineCommand({
  name: 'viewer-token',
  summary: 'Make a link to watch a stream with playback "token"',
  notes: ['Whoever has the link can watch until it expires. It cannot be revoked before that.'],
  operand: 'STREAM',
  options: {
    ttl: {
      type: 'string',
      placeholder: 'SECONDS',
      help: `how long the link is valid: ${shortest} to ${longest}; default ${usual}`,
    },
  },
  async run({ operand, values }, { api, print }) {
    const ttlSeconds = parseTtl(values.ttl);
    const viewerToken = await api.createViewerToken(await findStreamId(api, operand), { ttlSeconds });
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

/** The API decides which numbers are valid. */
function parseTtl(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CommandError('usage', '--ttl must be a whole number of seconds.');
}

/** The commands for viewer tokens, in the order of the help. */
export const VIEWER_TOKEN_COMMANDS: readonly Command[] = [createViewerToken];
