import { isNativeError } from 'node:util/types';

/**
 * A problem that the person at the keyboard can fix. The message says what is wrong and what to do; no stack is shown.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}

/** The message of an error from any realm. Anything else is converted to a string. */
export const errorMessage = (error: unknown): string => (isNativeError(error) ? error.message : String(error));

/** Returns what `parse` returns. If it throws, prints its message and the usage to standard error and returns null. */
export function parseOrPrintUsage<Parsed>(parse: () => Parsed, usage: string): Parsed | null {
  try {
    return parse();
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\n${usage}\n`);
    return null;
  }
}
