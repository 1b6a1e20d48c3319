import { randomBytes } from 'node:crypto';
import { VIEWER_TOKEN_KEYS_NAME } from '#domain/viewer-tokens.ts';
import { nextViewerTokenKeys, parseViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import {
  rotateViewerTokenKeys,
  syncViewerTokenKeys,
  type ViewerTokenKeyStores,
} from '#scripts/viewer-keys/sync-viewer-token-keys.ts';
import { startStoredSecrets } from '#test/support/stored-secrets.ts';
import { STORE_ARN, startKeyValueStore } from './key-value-store.ts';

const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:viewer-tokens';
let secrets: Awaited<ReturnType<typeof startStoredSecrets>>;
let edge: Awaited<ReturnType<typeof startKeyValueStore>>;
let stores: ViewerTokenKeyStores;

beforeEach(async () => {
  secrets = await startStoredSecrets({ [SECRET_ARN]: null });
  edge = await startKeyValueStore();
  stores = {
    secrets: secrets.client,
    secretArn: SECRET_ARN,
    keyValueStore: edge.client,
    keyValueStoreArn: STORE_ARN,
    randomBytes,
  };
});
afterEach(async () => {
  await edge.close();
  await secrets.close();
});

const storedText = () => secrets.secrets.get(SECRET_ARN) ?? '';
const edgeText = () => edge.values.get(VIEWER_TOKEN_KEYS_NAME) ?? '';

describe('sync', () => {
  test.each([null, '{}'])(
    'makes the first key for a secret with the value %j, and writes it to both stores',
    async (value) => {
      secrets.secrets.set(SECRET_ARN, value);
      const { current, former, wasChanged } = await syncViewerTokenKeys(stores);
      const keys = parseViewerTokenKeys(storedText());
      expect([current, former, wasChanged]).toEqual([keys.current, null, true]);
      expect(edgeText()).toBe(storedText());
    },
  );

  test('changes nothing the second time', async () => {
    await syncViewerTokenKeys(stores);
    const before = storedText();
    secrets.state.calls.length = 0;
    edge.state.calls.length = 0;
    expect((await syncViewerTokenKeys(stores)).wasChanged).toBe(false);
    expect([storedText(), edgeText()]).toEqual([before, before]);
    expect(secrets.state.calls).toEqual(['GetSecretValue']);
    expect(edge.state.calls).toEqual(['GET store', `GET ${VIEWER_TOKEN_KEYS_NAME}`]);
  });

  test('copies the keys from the secret to the edge', async () => {
    const keys = nextViewerTokenKeys(nextViewerTokenKeys(null, randomBytes), randomBytes);
    secrets.secrets.set(SECRET_ARN, JSON.stringify(keys));
    edge.values.set(VIEWER_TOKEN_KEYS_NAME, JSON.stringify(nextViewerTokenKeys(null, randomBytes)));
    expect(await syncViewerTokenKeys(stores)).toMatchObject({ current: keys.current, wasChanged: true });
    expect(JSON.parse(edgeText())).toEqual(keys);
  });

  test.each(['a password', '', '{"user":"somebody"}'])(
    "leaves a secret that holds %j alone: it is somebody's",
    async (value) => {
      secrets.secrets.set(SECRET_ARN, value);
      await expect(syncViewerTokenKeys(stores)).rejects.toThrow(
        `${SECRET_ARN} does not hold viewer-token keys and is left unchanged`,
      );
      expect([storedText(), edgeText()]).toEqual([value, '']);
    },
  );

  test('fails if the secret does not exist', async () => {
    secrets.secrets.delete(SECRET_ARN);
    await expect(syncViewerTokenKeys(stores)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('rotate', () => {
  test('adds a new key, keeps the previous one, and drops the one before that', async () => {
    const { current: first } = await syncViewerTokenKeys(stores);
    const second = await rotateViewerTokenKeys(stores);
    expect(second).toEqual({ current: expect.any(String), former: first, wasChanged: true });
    const third = await rotateViewerTokenKeys(stores);
    expect(third).toEqual({ current: expect.any(String), former: second.current, wasChanged: true });
    const keys = parseViewerTokenKeys(storedText());
    expect(Object.keys(keys.keys).sort()).toEqual([second.current, third.current].sort());
    expect(edgeText()).toBe(storedText());
  });

  test('writes to the edge first, so that nothing is signed with a key that it does not know', async () => {
    await syncViewerTokenKeys(stores);
    const before = storedText();
    const failing = { send: () => Promise.reject(new Error('no way to the secret')) };
    let reads = 0;
    const secretsThatTakeNothing = {
      send: (command: never) => (reads++ === 0 ? secrets.client.send(command) : failing.send()),
    } as ViewerTokenKeyStores['secrets'];
    await expect(rotateViewerTokenKeys({ ...stores, secrets: secretsThatTakeNothing })).rejects.toThrow('no way');
    expect(storedText()).toBe(before);
    const known = parseViewerTokenKeys(edgeText()).keys;
    for (const [id, secret] of Object.entries(parseViewerTokenKeys(before).keys)) expect(known[id]).toBe(secret);
    await syncViewerTokenKeys(stores);
    expect(edgeText()).toBe(before);
  });
});

test('a copy that conflicts with another one is repeated on the new version', async () => {
  edge.state.interferences = 2;
  await syncViewerTokenKeys(stores);
  expect(edgeText()).toBe(storedText());
  secrets.secrets.set(SECRET_ARN, JSON.stringify(nextViewerTokenKeys(null, randomBytes)));
  edge.state.interferences = 3;
  await expect(syncViewerTokenKeys(stores)).rejects.toMatchObject({ name: 'ConflictException' });
});

describe('two rotations at once', () => {
  test('are one: the other one fails, and its key is nowhere', async () => {
    const { current } = await syncViewerTokenKeys(stores);
    const outcomes = await Promise.allSettled([rotateViewerTokenKeys(stores), rotateViewerTokenKeys(stores)]);
    const [won, ...more] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(more).toEqual([]);
    expect(outcomes).toContainEqual({
      status: 'rejected',
      reason: expect.objectContaining({ message: expect.stringContaining('Another rotation') }),
    });
    expect(Object.keys(parseViewerTokenKeys(storedText()).keys).sort()).toEqual([won?.current, current].sort());
    expect(edgeText()).toBe(storedText());
  });

  test('that follow each other closely: the second one refuses to build on half a rotation', async () => {
    await syncViewerTokenKeys(stores);
    const half = nextViewerTokenKeys(parseViewerTokenKeys(storedText()), randomBytes);
    edge.values.set(VIEWER_TOKEN_KEYS_NAME, JSON.stringify(half));
    const before = [storedText(), edgeText()];
    await expect(rotateViewerTokenKeys(stores)).rejects.toThrow('sync');
    expect([storedText(), edgeText()]).toEqual(before);
  });

  test('with a copy of the former keys between: the edge has the new keys in the end', async () => {
    await syncViewerTokenKeys(stores);
    const former = edgeText();
    const copying = {
      send: async (command: never) => {
        const isWrite = (command as object).constructor.name === 'PutSecretValueCommand';
        if (isWrite) edge.values.set(VIEWER_TOKEN_KEYS_NAME, former);
        return secrets.client.send(command);
      },
    } as ViewerTokenKeyStores['secrets'];
    await rotateViewerTokenKeys({ ...stores, secrets: copying });
    expect(edgeText()).toBe(storedText());
    expect(edgeText()).not.toBe(former);
  });
});

test('requests to the edge are signed for every region, without a native module', async () => {
  await syncViewerTokenKeys(stores);
  expect(edge.state.authorizations.length).toBeGreaterThan(2);
  for (const authorization of edge.state.authorizations) expect(authorization).toMatch(/^AWS4-ECDSA-P256-SHA256 /);
});
