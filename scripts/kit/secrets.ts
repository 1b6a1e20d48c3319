import { SECRET_PATTERN } from '#domain/stream-ids.ts';

/** Keys and tokens that this test file made, received or tried. */
const secrets = new Set<string>();

/** Remembers a key or token, valid or not. From now on, no output of the platform may contain it. */
export function rememberSecret(secret: string): void {
  secrets.add(secret);
}

/** Remembers those of the given values that look like a key or token. */
export function rememberKeys(...names: readonly unknown[]): void {
  for (const name of names) if (typeof name === 'string' && SECRET_PATTERN.test(name)) rememberSecret(name);
}

/** Number of remembered keys and tokens. */
export const countSecrets = (): number => secrets.size;

/** Throws if the text contains a remembered key or token. The error has the first such line, with the secret masked. */
export function assertNoSecret(text: string, where: string): void {
  for (const secret of secrets) {
    const line = text.includes(secret) ? text.split('\n').find((each) => each.includes(secret)) : undefined;
    if (line !== undefined) throw new Error(`a secret is in ${where}: ${line.replaceAll(secret, '[secret]')}`);
  }
}
