import type { CommandOptions } from './command.ts';
import { CommandError } from './command-error.ts';

/** For commands whose change may conflict with somebody else's. */
export const IF_VERSION_OPTIONS = {
  'if-version': { type: 'string', placeholder: 'N', help: 'only if the stream has this version, as "show" prints it' },
} as const satisfies CommandOptions;

/** The version that a stream must have. Null for any. */
export const parseIfVersion = (text: string | undefined): number | null => parseWholeNumber('if-version', text) ?? null;

/** The value of an option. Throws a CommandError if it is no whole number. */
export function parseWholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new CommandError('usage', `--${option} must be a whole number.`);
  return Number(text);
}
