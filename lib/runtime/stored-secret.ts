import type { SecretsManager } from '@aws-sdk/client-secrets-manager';

/** A rotated secret takes effect after this time at the latest, in milliseconds. */
export const SECRET_LIFETIME_MS = 5 * 60_000;
/** How long Secrets Manager may take, retries included, in milliseconds: a broadcaster is waiting. */
export const SECRET_TIMEOUT_MS = 1_500;

/** Reads a secret's text. Rejects where that is impossible; the next call tries again. */
export type ReadSecret = () => Promise<string>;

/** Where a secret is: in an environment variable, which suits a laptop, or in Secrets Manager. */
export type SecretSource<Value> = { readonly value: Value } | { readonly arn: string };

/** Which secret is read, through which client. */
export interface StoredSecretOptions {
  readonly client: SecretsManager;
  /** Name or ARN. */
  readonly secretId: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * A Secrets Manager client whose calls are bounded by their own abort signal. Its SDK is loaded by the call: the cold start of
 * who needs no secret does not pay for it.
 */
export async function createSecretsManager(): Promise<SecretsManager> {
  const { SecretsManager } = await import('@aws-sdk/client-secrets-manager');
  return new SecretsManager({ maxAttempts: 2, requestHandler: { connectionTimeout: 500 } });
}

/** A ReadSecret that asks Secrets Manager at most once in 5 minutes, unless that failed. */
export function createStoredSecret({ client, secretId, now }: StoredSecretOptions): ReadSecret {
  let latest: { readonly text: Promise<string>; readonly untilMs: number } | null = null;

  async function read(): Promise<string> {
    const abortSignal = AbortSignal.timeout(SECRET_TIMEOUT_MS);
    const { SecretString } = await client.getSecretValue({ SecretId: secretId }, { abortSignal });
    if (SecretString === undefined) throw new Error(`the secret ${secretId} is no text`);
    return SecretString;
  }

  return async () => {
    if (latest !== null && now() < latest.untilMs) return latest.text;
    const reading = { text: read(), untilMs: now() + SECRET_LIFETIME_MS };
    latest = reading;
    try {
      return await reading.text;
    } catch (error) {
      if (latest === reading) latest = null;
      throw error;
    }
  };
}
