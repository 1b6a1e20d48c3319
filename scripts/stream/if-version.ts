import { CommandError } from './command-error.ts';
import type { CommandOptions } from './command-options.ts';

/** The option of commands that change what somebody else may change too. */
export const IF_VERSION_OPTIONS = {
  'if-version': { type: 'string', placeholder: 'N', help: 'only if the stream is at this version, as "show" tells' },
} as const satisfies CommandOptions;

/** The version that `--if-version` gives, or null. Throws a CommandError. */
export function parseIfVersion(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw new CommandError('usage', '--if-version must be a whole number.');
  return Number(text);
}
