import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { openWebhookSecret } from '#functions/ingest-auth/webhook-secret.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { secretText, startSecretsManager } from '#test/support/secrets-manager.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:webhook-AbCdEf';
const secret = generateSecret(randomBytes);

let server: Awaited<ReturnType<typeof startSecretsManager>>;
beforeAll(async () => {
  server = await startSecretsManager(secretText(secret));
  Object.assign(process.env, {
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
  });
});
afterAll(() => server.close());

test('a secret in the environment is used as it is', async () => {
  const read = await openWebhookSecret({ value: secret }, Date.now);
  expect(await read()).toBe(secret);
});

test('a stored secret comes from Secrets Manager', async () => {
  const read = await openWebhookSecret({ arn: ARN }, Date.now);
  expect(await read()).toBe(secret);
  expect(server.state.requests).toEqual([ARN]);
});

test('a stored secret that could be guessed rejects, and is not quoted', async () => {
  const short = secret.slice(1);
  server.state.answer = secretText(short);
  const read = await openWebhookSecret({ arn: ARN }, Date.now);
  await expect(read()).rejects.toThrow(`The secret ${ARN} must have at least 32 characters`);
  await expect(read()).rejects.not.toThrow(short);
});
