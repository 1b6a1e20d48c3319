import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { createWebhookSecret } from '#functions/ingest-auth/webhook-secret.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { secretText, startSecretsManager } from '#test/support/secrets-manager.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:webhook-AbCdEf';
const secret = generateSecret(randomBytes);
const create = (source: NodeJS.ProcessEnv) => createWebhookSecret(source, Date.now);

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

test('a secret at hand is taken as it is', async () => {
  expect(await (await create({ WEBHOOK_SECRET: secret }))()).toBe(secret);
});

test('a stored one comes from Secrets Manager', async () => {
  expect(await (await create({ WEBHOOK_SECRET_ARN: ARN }))()).toBe(secret);
  expect(server.state.requests).toEqual([ARN]);
});

test.each([
  ['neither', {}],
  ['empty ones', { WEBHOOK_SECRET: '', WEBHOOK_SECRET_ARN: '' }],
  ['both', { WEBHOOK_SECRET: secret, WEBHOOK_SECRET_ARN: ARN }],
])('%s is an error that says what to set', async (_case, source) => {
  const message = /needs one of WEBHOOK_SECRET \(.+\) and WEBHOOK_SECRET_ARN \(.+\), and not both$/;
  await expect(create(source)).rejects.toThrow(message);
  await expect(create(source)).rejects.not.toThrow(secret);
});

test('one at hand that could be guessed ends the start, a stored one the publish', async () => {
  const short = secret.slice(1);
  await expect(create({ WEBHOOK_SECRET: short })).rejects.toThrow('WEBHOOK_SECRET must have at least 32 characters');
  server.state.answer = secretText(short);
  const read = await create({ WEBHOOK_SECRET_ARN: ARN });
  await expect(read()).rejects.toThrow(`The secret ${ARN} must have at least 32 characters`);
});
