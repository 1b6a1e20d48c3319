import { randomBytes } from 'node:crypto';
import { nextViewerTokenKeys } from '#domain/next-viewer-token-keys.ts';
import { resolveViewerTokenKeys } from '#functions/control-api/viewer-token-keys.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { startStoredSecrets } from '#test/support/stored-secrets.ts';

const keys = nextViewerTokenKeys(null, randomBytes);
const VIEWER_TOKEN_KEYS = JSON.stringify(keys);
const VIEWER_TOKEN_SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:test';

test('neither variable: a deployment without viewer tokens', () => {
  expect(resolveViewerTokenKeys({}, Date.now)).toBeNull();
  expect(resolveViewerTokenKeys({ VIEWER_TOKEN_KEYS: '', VIEWER_TOKEN_SECRET_ARN: '' }, Date.now)).toBeNull();
});

test('keys at hand are read at once', async () => {
  expect(await resolveViewerTokenKeys({ VIEWER_TOKEN_KEYS }, Date.now)?.()).toEqual(keys);
  expect(() => resolveViewerTokenKeys({ VIEWER_TOKEN_KEYS: '{}' }, Date.now)).toThrow('not the keys of viewer tokens');
});

test('both variables are one too many', () => {
  const both = { VIEWER_TOKEN_KEYS, VIEWER_TOKEN_SECRET_ARN };
  expect(() => resolveViewerTokenKeys(both, Date.now)).toThrow('both set');
});

test('stored keys are read from where the standard variables of the SDK point, when they are needed', async () => {
  const manager = await startStoredSecrets({ [VIEWER_TOKEN_SECRET_ARN]: VIEWER_TOKEN_KEYS });
  Object.assign(process.env, {
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url,
  });
  const read = resolveViewerTokenKeys({ VIEWER_TOKEN_SECRET_ARN }, Date.now);
  expect(manager.state.calls).toEqual([]);
  expect([await read?.(), await read?.()]).toEqual([keys, keys]);
  expect(manager.state.calls).toEqual(['GetSecretValue']);
  await manager.close();
});
