import { randomBytes } from 'node:crypto';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { generateSecret } from '#domain/stream-ids.ts';
import { createSecretsManager, createStoredSecret, SECRET_LIFETIME_MS } from '#runtime/stored-secret.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { secretError, secretText, startSecretsManager } from '#test/support/secrets-manager.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:webhook-AbCdEf';
const first = generateSecret(randomBytes);
const second = generateSecret(randomBytes);

let server: Awaited<ReturnType<typeof startSecretsManager>>;
let client: SecretsManager;
let nowMs = 0;

beforeEach(async () => {
  nowMs = 0;
  server = await startSecretsManager(secretText(first));
  client = new SecretsManager({ endpoint: server.url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

const open = () => createStoredSecret({ client, secretId: ARN, now: () => nowMs });

test('a secret is read once, by the first call, with its ARN', async () => {
  const read = open();
  expect(server.state.requests).toEqual([]);
  expect(await Promise.all([read(), read()])).toEqual([first, first]);
  nowMs = SECRET_LIFETIME_MS - 1;
  expect(await read()).toBe(first);
  expect(server.state.requests).toEqual([ARN]);
});

test('a rotated secret takes effect after five minutes', async () => {
  const read = open();
  await read();
  server.state.answer = secretText(second);
  nowMs = SECRET_LIFETIME_MS;
  expect(await read()).toBe(second);
  expect(server.state.requests).toHaveLength(2);
});

test.each([
  ['no permission', secretError(400, 'AccessDeniedException'), 'AccessDeniedException'],
  ['no such secret', secretError(400, 'ResourceNotFoundException'), 'ResourceNotFoundException'],
  ['a service that fails, asked twice', secretError(500, 'InternalServiceError'), 'InternalServiceError'],
])('%s is an error, and the next call tries again', async (_case, answer, name) => {
  const read = createStoredSecret({
    client: new SecretsManager({
      ...{ endpoint: server.url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 2 },
    }),
    secretId: ARN,
    now: () => nowMs,
  });
  server.state.answer = answer;
  await expect(read()).rejects.toMatchObject({ name });
  const asked = server.state.requests.length;
  expect(asked).toBe(name === 'InternalServiceError' ? 2 : 1);
  server.state.answer = secretText(first);
  expect(await read()).toBe(first);
  expect(server.state.requests).toHaveLength(asked + 1);
});

test('if reading it again fails, the old secret is no longer used', async () => {
  const read = open();
  await read();
  server.state.answer = secretError(400, 'AccessDeniedException');
  nowMs = SECRET_LIFETIME_MS;
  await expect(read()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(read()).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test('a secret without a text is an error that names it', async () => {
  server.state.answer = (response) => void response.end('{}');
  await expect(open()()).rejects.toThrow(`The secret ${ARN} is not a text`);
});

test('a Secrets Manager that never answers is an error', async () => {
  server.state.answer = () => undefined;
  await expect(open()()).rejects.toMatchObject({ name: 'AbortError' });
});

test('the client that functions use is configured by the standard variables of the SDK', async () => {
  Object.assign(process.env, {
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
  });
  const own = await createSecretsManager();
  expect(await createStoredSecret({ client: own, secretId: ARN, now: () => nowMs })()).toBe(first);
  own.destroy();
});
