import { randomBytes } from 'node:crypto';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import pino from 'pino';
import { generateSecret } from '#domain/stream-ids.ts';
import { openSharedSecret, SECRET_MAX_AGE_MS, SECRET_REREAD_MS, StoredSharedSecret } from '#runtime/shared-secret.ts';
import { SECRET_LIFETIME_MS } from '#runtime/stored-secret.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { type SecretAnswer, secretError, secretText, startSecretsManager } from '#test/support/secrets-manager.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:cluster-AbCdEf';
const [oldest, older, current, newer] = [1, 2, 3, 4].map(() => generateSecret(randomBytes)) as [
  ...[string, string, string, string],
];
const NAME = 'the secret of a test';
const SECRETS = [oldest, older, current, newer];
const NOT_FOUND = secretError(400, 'ResourceNotFoundException');
const DENIED = secretError(400, 'AccessDeniedException');

let server: Awaited<ReturnType<typeof startSecretsManager>>;
let client: SecretsManager;
let nowMs: number;
let secret: StoredSharedSecret;
const lines: string[] = [];
const log = pino({}, { write: (line) => lines.push(line) });

beforeEach(async () => {
  nowMs = 1_800_000_000_000;
  lines.length = 0;
  server = await startSecretsManager(versions(current, older));
  client = new SecretsManager({
    ...{ endpoint: server.url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 1 },
  });
  secret = open();
});
afterEach(async () => {
  for (const known of SECRETS) expect(lines.join()).not.toContain(known);
  client.destroy();
  await server.close();
});

const open = () => new StoredSharedSecret({ name: NAME, client, secretArn: ARN, now: () => nowMs, log });
/** How often the secret was read. Each time, both versions are; if one fails, the other may not have arrived yet. */
const reads = (): number => Math.ceil(server.state.requests.length / 2);

/** Answers with a current version and the one before it, if any. */
function versions(now: string, before: string | null): SecretAnswer {
  return (response, id, stage) => {
    if (stage === 'AWSCURRENT') secretText(now)(response, id, stage);
    else if (stage === 'AWSPREVIOUS' && before !== null) secretText(before)(response, id, stage);
    else NOT_FOUND(response, id, stage);
  };
}

test('a process sends the current version, and accepts that and the one before', async () => {
  expect(await secret.current()).toBe(current);
  expect(await secret.accepts(current)).toBe(true);
  expect(await secret.accepts(older)).toBe(true);
  expect(server.state.requests).toEqual([ARN, ARN]);
});

test.each<[string, string | undefined]>([
  ['nothing', undefined],
  ['an empty text', ''],
  ['a part of the secret', current.slice(0, -1)],
  ['more than the secret', `${current}x`],
  ['another secret', newer],
])('%s is not accepted', async (_what, text) => {
  expect(await secret.accepts(text)).toBe(false);
});

test('before the first rotation there is one version', async () => {
  server.state.answer = versions(current, null);
  expect(await secret.current()).toBe(current);
  expect(await secret.accepts(current)).toBe(true);
  expect(await secret.accepts('null')).toBe(false);
  expect(lines).toEqual([]);
});

test('while a secret is rotated, those with the old one and those with the new one know each other', async () => {
  const slow = open();
  await slow.current();
  server.state.answer = versions(newer, current);
  nowMs += SECRET_REREAD_MS;
  const quick = open();
  expect(await slow.current()).toBe(current);
  expect(await quick.current()).toBe(newer);
  expect(await quick.accepts(await slow.current())).toBe(true);
  expect(await slow.accepts(await quick.current())).toBe(true);
  expect(await slow.current()).toBe(newer);
  expect(await slow.accepts(older)).toBe(false);
});

test('an unknown text makes it read again, at most once in five seconds', async () => {
  await secret.current();
  for (const ageMs of [0, SECRET_REREAD_MS - 1]) {
    nowMs += ageMs;
    await Promise.all([1, 2, 3].map(() => secret.accepts(oldest)));
    expect(reads()).toBe(1);
  }
  nowMs += 1;
  expect(await Promise.all([1, 2, 3].map(() => secret.accepts(oldest)))).toEqual([false, false, false]);
  expect(reads()).toBe(2);
  expect(await secret.accepts(current)).toBe(true);
  expect(reads()).toBe(2);
});

test('the secret is read again after five minutes, and nobody waits for it', async () => {
  await secret.current();
  nowMs += SECRET_LIFETIME_MS - 1;
  await secret.current();
  expect(reads()).toBe(1);
  nowMs += 1;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.state.answer = async (...call) => {
    await released;
    versions(newer, current)(...call);
  };
  expect(await secret.current()).toBe(current);
  release();
  expect(await secret.accepts(newer)).toBe(true);
  expect(reads()).toBe(2);
  expect(await secret.current()).toBe(newer);
});

test('a secret that could never be read lets nobody in and sends nothing, and is tried again after five seconds', async () => {
  server.state.answer = DENIED;
  await expect(secret.current()).rejects.toMatchObject({
    message: 'the secret of a test could not be read',
    cause: expect.objectContaining({ name: 'AccessDeniedException' }),
  });
  expect(await secret.accepts(current)).toBe(false);
  expect(reads()).toBe(1);
  server.state.answer = versions(current, older);
  nowMs += SECRET_REREAD_MS;
  expect(await secret.accepts(current)).toBe(true);
  expect(lines.map((line) => JSON.parse(line).level)).toEqual([50, 30]);
});

test('a secret that can no longer be read is used for half an hour, and then lets nobody in', async () => {
  await secret.current();
  server.state.answer = DENIED;
  nowMs += SECRET_MAX_AGE_MS - 1;
  expect(await secret.accepts(current)).toBe(true);
  expect(await secret.accepts(newer)).toBe(false);
  nowMs += 1;
  expect(await secret.accepts(current)).toBe(false);
  await expect(secret.current()).rejects.toThrow('could not be read');
  nowMs += SECRET_REREAD_MS;
  expect(await secret.accepts(current)).toBe(false);
  expect(lines).toHaveLength(1);
});

test.each<[string, SecretAnswer, string]>([
  ['that does not exist', NOT_FOUND, 'ResourceNotFoundException'],
  ['that could be guessed', versions('x'.repeat(31), older), 'must be 32 to 512 characters'],
  ['that no header can carry', versions(`${current}\n`, older), 'must be 32 to 512 characters'],
  ['that is not a text', (response) => void response.end('{}'), 'must be 32 to 512 characters'],
  ['of a service that fails', secretError(500, 'InternalServiceError'), 'InternalServiceError'],
])('a secret %s lets nobody in, and the log says why', async (_what, answer, reason) => {
  server.state.answer = answer;
  expect(await secret.accepts(older)).toBe(false);
  await expect(secret.current()).rejects.toThrow('could not be read');
  expect(lines).toEqual([expect.stringContaining(reason)]);
});

test('a wrong value is mended by putting a right one, which makes the wrong one the previous', async () => {
  server.state.answer = versions(newer, 'too short');
  expect(await secret.current()).toBe(newer);
  expect(await secret.accepts('too short')).toBe(false);
});

test('a clock that is set back does not keep it from reading a new secret', async () => {
  await secret.current();
  nowMs -= 3_600_000;
  server.state.answer = versions(newer, current);
  expect(await secret.accepts(newer)).toBe(true);
});

describe('it is opened', () => {
  const options = { name: NAME, now: () => nowMs, log };

  test('from a variable on a laptop', async () => {
    const own = await openSharedSecret({ value: current }, options);
    expect(await own.current()).toBe(current);
    expect(await own.accepts(current)).toBe(true);
    for (const text of [undefined, '', `${current} `, older]) expect(await own.accepts(text)).toBe(false);
    expect(server.state.requests).toEqual([]);
  });

  test('from Secrets Manager in the cloud', async () => {
    Object.assign(process.env, {
      AWS_REGION: LOCAL_REGION,
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
    });
    const own = await openSharedSecret({ arn: ARN }, options);
    expect(await own.current()).toBe(current);
  });

  test.each([current.slice(1), `${current} ${current}`])(
    'but not from a bad value, which no error quotes',
    async (value) => {
      const opening = openSharedSecret({ value }, options);
      await expect(opening).rejects.toThrow(`${NAME} must be 32 to 512 characters of printable ASCII`);
      await expect(opening).rejects.not.toThrow(current);
    },
  );
});
