import { SECRET_PATTERN } from '#domain/stream-ids.ts';

/** Keys and tokens that this test file made, got or tried. */
const secrets = new Set<string>();

/** Remembers a key or token, right or wrong: from now on it may be in nothing that a platform prints. */
export function rememberSecret(secret: string): void {
  secrets.add(secret);
}

/** The same for a stream name that may be a key, or something public. */
export function rememberKeys(...names: readonly unknown[]): void {
  for (const name of names) if (typeof name === 'string' && SECRET_PATTERN.test(name)) rememberSecret(name);
}

/** How many are known. */
export const countSecrets = (): number => secrets.size;

/** Throws where a remembered key or token is in a text, with the first line that holds one and without what it holds. */
export function assertNoSecret(text: string, where: string): void {
  for (const secret of secrets) {
    const line = text.includes(secret) ? text.split('\n').find((each) => each.includes(secret)) : undefined;
    if (line !== undefined) throw new Error(`a secret is in ${where}: ${line.replaceAll(secret, '[secret]')}`);
  }
}
