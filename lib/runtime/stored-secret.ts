import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { keepFor } from './keep-for.ts';

/** A rotated secret takes effect within this time, in milliseconds. */
export const SECRET_LIFETIME_MS = 5 * 60_000;
/** How long Secrets Manager may take, including retries, in milliseconds. A broadcaster is waiting. */
export const SECRET_TIMEOUT_MS = 1_500;

/** Reads a secret's text. Rejects if that fails; the next call tries again. */
export type ReadSecret = () => Promise<string>;

/** Where a secret is: in an environment variable, which suits a laptop, or in Secrets Manager. */
export type SecretSource<Value> = { readonly value: Value } | { readonly arn: string };

/** Where a secret is that one of two variables names. Null if neither is set. */
export function toSecretSource<Value>(value: Value | null, arn: string | null): SecretSource<Value> | null {
  if (value !== null) return { value };
  return arn === null ? null : { arn };
}

/** Which secret to read, through which client. */
export interface StoredSecretOptions {
  readonly client: SecretsManager;
  /** Name or ARN. */
  readonly secretId: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * A Secrets Manager client. Each call sets its own abort signal. The SDK is loaded on demand, so that the cold start of
 * a function that needs no secret does not pay for it.
 */
export async function createSecretsManager(): Promise<SecretsManager> {
  const { SecretsManager } = await import('@aws-sdk/client-secrets-manager');
  return new SecretsManager({ maxAttempts: 2, requestHandler: { connectionTimeout: 500 } });
}

/** A ReadSecret that asks Secrets Manager at most once in 5 minutes, unless a read failed. */
export function createStoredSecret({ client, secretId, now }: StoredSecretOptions): ReadSecret {
  async function read(): Promise<string> {
    const abortSignal = AbortSignal.timeout(SECRET_TIMEOUT_MS);
    const { SecretString } = await client.getSecretValue({ SecretId: secretId }, { abortSignal });
    if (SecretString === undefined) throw new Error(`The secret ${secretId} is not a text`);
    return SecretString;
  }
  return keepFor(SECRET_LIFETIME_MS, read, now);
}

/** Opens a secret that few requests need. The client is made, and a stored secret read, when one does. */
export function openSecretLate(source: SecretSource<string>, now: () => number): ReadSecret {
  if ('value' in source) return async () => source.value;
  let opened: Promise<ReadSecret> | null = null;
  return async () => {
    opened ??= createSecretsManager().then((client) => createStoredSecret({ client, secretId: source.arn, now }));
    const read = await opened;
    return read();
  };
}
