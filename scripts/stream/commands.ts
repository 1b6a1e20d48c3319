import type { Command } from './command.ts';
import { AUDIT_COMMANDS } from './commands/audit.ts';
import { EVENT_COMMANDS } from './commands/events.ts';
import { SESSION_COMMANDS } from './commands/sessions.ts';
import { STREAM_COMMANDS } from './commands/streams.ts';
import { TASK_COMMANDS } from './commands/tasks.ts';
import { TOKEN_COMMANDS } from './commands/tokens.ts';
import { VIEWER_TOKEN_COMMANDS } from './commands/viewer-tokens.ts';

/** All commands of `npm run stream`, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...STREAM_COMMANDS,
  ...VIEWER_TOKEN_COMMANDS,
  ...EVENT_COMMANDS,
  ...TASK_COMMANDS,
  ...TOKEN_COMMANDS,
  ...SESSION_COMMANDS,
  ...AUDIT_COMMANDS,
];
