/** The target accepts stream keys with these prefixes. Only streams with the second one are transcoded. */
export const ALLOWED_PREFIX = 'allowed-';
export const ENCODED_PREFIX = 'encoded-';

const DIGITS = 6;

/** The key of recorded sessions. Attacks replace it with keys of the same length. */
export const FIRST_KEY = `${ALLOWED_PREFIX}${'0'.repeat(DIGITS)}`;

/** The key of an iteration. */
export function iterationKey(prefix: typeof ALLOWED_PREFIX | typeof ENCODED_PREFIX, iteration: number): string {
  return `${prefix}${String(iteration % 10 ** DIGITS).padStart(DIGITS, '0')}`;
}

/** Replaces all complete occurrences of the recorded key. */
export function replaceKey(bytes: Buffer, key: string): Buffer {
  const replaced = Buffer.from(bytes);
  for (let at = replaced.indexOf(FIRST_KEY); at >= 0; at = replaced.indexOf(FIRST_KEY, at + 1)) replaced.write(key, at);
  return replaced;
}
