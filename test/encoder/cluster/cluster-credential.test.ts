import { randomBytes } from 'node:crypto';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import pino from 'pino';
import { generateSecret } from '#domain/stream-ids.ts';
import {
  openClusterCredential,
  SECRET_MAX_AGE_MS,
  SECRET_REREAD_MS,
  StoredCredential,
} from '#encoder/cluster/cluster-credential.ts';
import { SECRET_LIFETIME_MS } from '#runtime/stored-secret.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { type SecretAnswer, secretError, secretText, startSecretsManager } from '#test/support/secrets-manager.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:cluster-AbCdEf';
const [oldest, older, current, newer] = [1, 2, 3, 4].map(() => generateSecret(randomBytes)) as [
  ...[string, string, string, string],
];
const SECRETS = [oldest, older, current, newer];
const NOT_FOUND = secretError(400, 'ResourceNotFoundException');
const DENIED = secretError(400, 'AccessDeniedException');

let server: Awaited<ReturnType<typeof startSecretsManager>>;
let client: SecretsManager;
let nowMs: number;
let credential: StoredCredential;
const lines: string[] = [];
const log = pino({}, { write: (line) => lines.push(line) });

beforeEach(async () => {
  nowMs = 1_800_000_000_000;
  lines.length = 0;
  server = await startSecretsManager(versions(current, older));
  client = new SecretsManager({
    ...{ endpoint: server.url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 1 },
  });
  credential = open();
});
afterEach(async () => {
  for (const secret of SECRETS) expect(lines.join()).not.toContain(secret);
  client.destroy();
  await server.close();
});

const open = () => new StoredCredential({ client, secretArn: ARN, now: () => nowMs, log });
const bearer = (secret: string): string => `Bearer ${secret}`;
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

test('a task sends the current version, and accepts that and the one before', async () => {
  expect(await credential.authorization()).toBe(bearer(current));
  expect(await credential.accepts(bearer(current))).toBe(true);
  expect(await credential.accepts(bearer(older))).toBe(true);
  expect(server.state.requests).toEqual([ARN, ARN]);
});

test.each<[string, string | undefined]>([
  ['no header', undefined],
  ['an empty header', ''],
  ['the bare secret', current],
  ['another scheme', `Basic ${current}`],
  ['a part of the secret', bearer(current).slice(0, -1)],
  ['more than the secret', `${bearer(current)}x`],
  ['another secret', bearer(newer)],
])('%s is not accepted', async (_what, header) => {
  expect(await credential.accepts(header)).toBe(false);
});

test('before the first rotation there is one version', async () => {
  server.state.answer = versions(current, null);
  expect(await credential.authorization()).toBe(bearer(current));
  expect(await credential.accepts(bearer(current))).toBe(true);
  expect(await credential.accepts('Bearer null')).toBe(false);
  expect(lines).toEqual([]);
});

test('while a secret is rotated, tasks with the old one and tasks with the new one know each other', async () => {
  const slow = open();
  await slow.authorization();
  server.state.answer = versions(newer, current);
  nowMs += SECRET_REREAD_MS;
  const quick = open();
  expect(await slow.authorization()).toBe(bearer(current));
  expect(await quick.authorization()).toBe(bearer(newer));
  expect(await quick.accepts(await slow.authorization())).toBe(true);
  expect(await slow.accepts(await quick.authorization())).toBe(true);
  expect(await slow.authorization()).toBe(bearer(newer));
  expect(await slow.accepts(bearer(older))).toBe(false);
});

test('unknown credentials make a task read again, at most once in five seconds', async () => {
  await credential.authorization();
  for (const ageMs of [0, SECRET_REREAD_MS - 1]) {
    nowMs += ageMs;
    await Promise.all([1, 2, 3].map(() => credential.accepts(bearer(oldest))));
    expect(reads()).toBe(1);
  }
  nowMs += 1;
  expect(await Promise.all([1, 2, 3].map(() => credential.accepts(bearer(oldest))))).toEqual([false, false, false]);
  expect(reads()).toBe(2);
  expect(await credential.accepts(bearer(current))).toBe(true);
  expect(reads()).toBe(2);
});

test('the secret is read again after five minutes, and nobody waits for it', async () => {
  await credential.authorization();
  nowMs += SECRET_LIFETIME_MS - 1;
  await credential.authorization();
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
  expect(await credential.authorization()).toBe(bearer(current));
  release();
  expect(await credential.accepts(bearer(newer))).toBe(true);
  expect(reads()).toBe(2);
  expect(await credential.authorization()).toBe(bearer(newer));
});

test('a secret that could never be read lets nobody in and sends nothing, and is tried again after five seconds', async () => {
  server.state.answer = DENIED;
  await expect(credential.authorization()).rejects.toMatchObject({
    message: 'the secret of the cluster could not be read',
    cause: expect.objectContaining({ name: 'AccessDeniedException' }),
  });
  expect(await credential.accepts(bearer(current))).toBe(false);
  expect(reads()).toBe(1);
  server.state.answer = versions(current, older);
  nowMs += SECRET_REREAD_MS;
  expect(await credential.accepts(bearer(current))).toBe(true);
  expect(lines.map((line) => JSON.parse(line).level)).toEqual([50, 30]);
});

test('a secret that can no longer be read is used for half an hour, and then lets nobody in', async () => {
  await credential.authorization();
  server.state.answer = DENIED;
  nowMs += SECRET_MAX_AGE_MS - 1;
  expect(await credential.accepts(bearer(current))).toBe(true);
  expect(await credential.accepts(bearer(newer))).toBe(false);
  nowMs += 1;
  expect(await credential.accepts(bearer(current))).toBe(false);
  await expect(credential.authorization()).rejects.toThrow('could not be read');
  nowMs += SECRET_REREAD_MS;
  expect(await credential.accepts(bearer(current))).toBe(false);
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
  expect(await credential.accepts(bearer(older))).toBe(false);
  await expect(credential.authorization()).rejects.toThrow('could not be read');
  expect(lines).toEqual([expect.stringContaining(reason)]);
});

test('a wrong value is mended by putting a right one, which makes the wrong one the previous', async () => {
  server.state.answer = versions(newer, 'too short');
  expect(await credential.authorization()).toBe(bearer(newer));
  expect(await credential.accepts(bearer('too short'))).toBe(false);
});

test('a clock that is set back does not keep a task from reading a new secret', async () => {
  await credential.authorization();
  nowMs -= 3_600_000;
  server.state.answer = versions(newer, current);
  expect(await credential.accepts(bearer(newer))).toBe(true);
});

describe('a task opens its credential', () => {
  const options = { secret: null, secretArn: null, randomBytes, now: () => nowMs, log };

  test('from a variable on a laptop', async () => {
    const own = await openClusterCredential({ ...options, secret: current });
    expect(await own.authorization()).toBe(bearer(current));
    expect(await own.accepts(bearer(current))).toBe(true);
    for (const header of [undefined, '', current, bearer(older)]) expect(await own.accepts(header)).toBe(false);
    expect(server.state.requests).toEqual([]);
  });

  test('from Secrets Manager in the cloud', async () => {
    Object.assign(process.env, {
      AWS_REGION: LOCAL_REGION,
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
    });
    const own = await openClusterCredential({ ...options, secretArn: ARN });
    expect(await own.authorization()).toBe(bearer(current));
  });

  test('without a secret it is alone: no two tasks know each other', async () => {
    const [one, other] = await Promise.all([openClusterCredential(options), openClusterCredential(options)]);
    expect(await one.accepts(await one.authorization())).toBe(true);
    expect(await one.accepts(await other.authorization())).toBe(false);
  });

  test.each([current.slice(1), `${current} ${current}`])(
    'but not with a bad secret, which no error quotes',
    async (secret) => {
      const opening = openClusterCredential({ ...options, secret });
      await expect(opening).rejects.toThrow('CLUSTER_SECRET must be 32 to 512 characters of printable ASCII');
      await expect(opening).rejects.not.toThrow(current);
    },
  );
});
