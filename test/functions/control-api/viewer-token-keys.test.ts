import { randomBytes } from 'node:crypto';
import { openViewerTokenKeys } from '#functions/control-api/viewer-token-keys.ts';
import { nextViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { startStoredSecrets } from '#test/support/stored-secrets.ts';

const keys = nextViewerTokenKeys(null, randomBytes);
const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:test';

test('keys in the environment are used as they are', async () => {
  const read = openViewerTokenKeys({ value: keys }, Date.now);
  expect(await read()).toEqual(keys);
});

test('stored keys are read when they are needed, from where the SDK is told to look', async () => {
  const manager = await startStoredSecrets({ [ARN]: JSON.stringify(keys) });
  Object.assign(process.env, {
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url,
  });
  const read = openViewerTokenKeys({ arn: ARN }, Date.now);
  expect(manager.state.calls).toEqual([]);
  expect([await read(), await read()]).toEqual([keys, keys]);
  expect(manager.state.calls).toEqual(['GetSecretValue']);
  await manager.close();
});
