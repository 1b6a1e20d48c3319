import {
  createSecretsManager,
  createStoredSecret,
  type ReadSecret,
  type SecretSource,
} from '#runtime/stored-secret.ts';

/** A shorter secret could be guessed. */
export const WEBHOOK_SECRET_MIN_LENGTH = 32;

/** Opens the secret that signs requests to the backend. A stored secret that is too short rejects when it is read. */
export async function openWebhookSecret(source: SecretSource<string>, now: () => number): Promise<ReadSecret> {
  if ('value' in source) return async () => source.value;
  const { arn } = source;
  const read = createStoredSecret({ client: await createSecretsManager(), secretId: arn, now });
  return async () => {
    const secret = await read();
    if (secret.length >= WEBHOOK_SECRET_MIN_LENGTH) return secret;
    throw new Error(`The secret ${arn} must have at least ${WEBHOOK_SECRET_MIN_LENGTH} characters`);
  };
}
