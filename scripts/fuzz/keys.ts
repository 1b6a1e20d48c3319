/** The target allows every stream key that begins like this; one FFmpeg encodes those that begin like the second. */
export const ALLOWED_PREFIX = 'allowed-';
export const ENCODED_PREFIX = 'encoded-';

const DIGITS = 6;

/** What sessions are recorded with; other keys of the same length take its place. */
export const FIRST_KEY = `${ALLOWED_PREFIX}${'0'.repeat(DIGITS)}`;

/** A key of an iteration's own. */
export function iterationKey(prefix: typeof ALLOWED_PREFIX | typeof ENCODED_PREFIX, iteration: number): string {
  return `${prefix}${String(iteration % 10 ** DIGITS).padStart(DIGITS, '0')}`;
}

/** Replaces the recorded key wherever it stands whole. */
export function replaceKey(bytes: Buffer, key: string): Buffer {
  const replaced = Buffer.from(bytes);
  for (let at = replaced.indexOf(FIRST_KEY); at >= 0; at = replaced.indexOf(FIRST_KEY, at + 1)) replaced.write(key, at);
  return replaced;
}
