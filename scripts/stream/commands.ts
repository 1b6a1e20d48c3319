import type { Command } from './command.ts';
import { createStream } from './commands/create-stream.ts';
import { createToken } from './commands/create-token.ts';
import { createViewerToken } from './commands/create-viewer-token.ts';
import { deleteStream } from './commands/delete-stream.ts';
import { followEvents } from './commands/follow-events.ts';
import { listStreams } from './commands/list-streams.ts';
import { listTokens } from './commands/list-tokens.ts';
import { revokeToken } from './commands/revoke-token.ts';
import { rotateKey } from './commands/rotate-key.ts';
import { showStream } from './commands/show-stream.ts';
import { stopStream } from './commands/stop-stream.ts';
import { updateStream } from './commands/update-stream.ts';

/** All that `npm run stream` can do, in the order of its help. */
export const COMMANDS: readonly Command[] = [
  createStream,
  listStreams,
  showStream,
  updateStream,
  rotateKey,
  stopStream,
  deleteStream,
  createViewerToken,
  followEvents,
  createToken,
  listTokens,
  revokeToken,
];
