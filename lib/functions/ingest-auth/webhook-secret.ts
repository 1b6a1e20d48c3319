import { ENVIRONMENT_VARIABLES } from '#domain/environment.ts';
import { readEnvironment } from '#runtime/environment.ts';
import { createSecretsManager, createStoredSecret, type ReadSecret } from '#runtime/stored-secret.ts';
import { requireLongSecret } from './webhook-settings.ts';

const { WEBHOOK_SECRET, WEBHOOK_SECRET_ARN } = ENVIRONMENT_VARIABLES;

/**
 * What requests to the backend are signed with, as the variables say: a secret at hand, or one that is stored. Rejects
 * unless there is just one of the two.
 */
export async function createWebhookSecret(source: NodeJS.ProcessEnv, now: () => number): Promise<ReadSecret> {
  if (Boolean(source.WEBHOOK_SECRET) === Boolean(source.WEBHOOK_SECRET_ARN)) {
    throw new Error(
      `ingest-auth in webhook mode needs one of WEBHOOK_SECRET (${WEBHOOK_SECRET}) and WEBHOOK_SECRET_ARN (${WEBHOOK_SECRET_ARN}), and not both`,
    );
  }
  if (source.WEBHOOK_SECRET) {
    const { WEBHOOK_SECRET: atHand } = readEnvironment('ingest-auth with a secret at hand', source);
    const secret = requireLongSecret(atHand, 'WEBHOOK_SECRET');
    return async () => secret;
  }
  const { WEBHOOK_SECRET_ARN: secretId } = readEnvironment('ingest-auth with a stored secret', source);
  const read = createStoredSecret({ client: await createSecretsManager(), secretId, now });
  return async () => requireLongSecret(await read(), `The secret ${secretId}`);
}
