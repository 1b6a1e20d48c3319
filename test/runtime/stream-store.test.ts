import { randomBytes } from 'node:crypto';
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { generateId, generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { documentClientFor, startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createStreamStore, type StreamStore } from '#runtime/stream-store.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: StreamStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createStreamStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

const newStream = () => makeStreamRecord({ title: 'Ünïcode 🎥', allowedSources: ['192.0.2.0/24'] });

test('a stream is found by its id and by the hash of its key', async () => {
  const stream = newStream();
  expect(await store.create(stream)).toEqual(stream);
  expect(await store.get(stream.id)).toEqual(stream);
  expect(await store.findByKeyHash(stream.keyHash)).toEqual(stream);
});

test('a stream that does not exist is null', async () => {
  expect(await store.get(generateId(randomBytes))).toBeNull();
  expect(await store.findByKeyHash(hashSecret('unknown'))).toBeNull();
  expect(await store.list({ limit: 10, afterId: null })).toEqual({ streams: [], lastId: null });
});

test('streams that are created simultaneously are all kept, each with its own key', async () => {
  const streams = Array.from({ length: 8 }, newStream);
  await Promise.all(streams.map((stream) => store.create(stream)));
  expect(await Promise.all(streams.map((stream) => store.findByKeyHash(stream.keyHash)))).toEqual(streams);
});

test('a key that its stream no longer names opens nothing', async () => {
  const stream = newStream();
  await store.create(stream);
  const rotated = { ...stream, keyHash: hashSecret(generateSecret(randomBytes)) };
  await database.client.send(new PutCommand({ TableName: TEST_TABLES.STREAMS_TABLE, Item: rotated }));
  expect(await store.findByKeyHash(stream.keyHash)).toBeNull();
});

test('a key whose stream was never written opens nothing', async () => {
  const keyHash = hashSecret(generateSecret(randomBytes));
  const Item = { keyHash, streamId: generateId(randomBytes) };
  await database.client.send(new PutCommand({ TableName: TEST_TABLES.STREAM_KEYS_TABLE, Item }));
  expect(await store.findByKeyHash(keyHash)).toBeNull();
});

test('a repeated creation changes nothing and returns the stream with its later changes', async () => {
  const stream = newStream();
  await store.create(stream);
  const changed = { ...stream, title: 'Another', version: 2 };
  expect(await store.replace(changed)).toBe(true);
  expect(await store.create(stream)).toEqual(changed);
  expect(await store.get(stream.id)).toEqual(changed);
});

test('of several changes to the same version, one is stored', async () => {
  const stream = newStream();
  await store.create(stream);
  const changes = Array.from({ length: 8 }, (_, index) => ({ ...stream, title: `title ${index}`, version: 2 }));
  const outcomes = await Promise.all(changes.map((change) => store.replace(change)));
  expect(outcomes.filter((isStored) => isStored)).toEqual([true]);
  expect(await store.get(stream.id)).toEqual(changes[outcomes.indexOf(true)]);
});

test.each([1, 3])('a change to version %d of a stream at version 1 is not stored', async (version) => {
  const stream = newStream();
  await store.create(stream);
  expect(await store.replace({ ...stream, title: 'Another', version })).toBe(false);
  expect(await store.get(stream.id)).toEqual(stream);
});

test('a change does not bring a removed stream back', async () => {
  const stream = newStream();
  await store.create(stream);
  await store.remove(stream);
  expect(await store.replace({ ...stream, version: 2 })).toBe(false);
  expect(await store.get(stream.id)).toBeNull();
  expect(await store.findByKeyHash(stream.keyHash)).toBeNull();
});

test('a new key works and the old one does not, at once', async () => {
  const stream = newStream();
  await store.create(stream);
  const rotated = { ...stream, keyHash: newStream().keyHash, version: 2 };
  expect(await store.replaceKey(rotated, rotated.keyHash)).toBe(true);
  expect(await store.findByKeyHash(stream.keyHash)).toBeNull();
  expect(await store.findByKeyHash(rotated.keyHash)).toEqual(rotated);
  await store.forgetKey(stream.keyHash);
  expect(await store.findByKeyHash(rotated.keyHash)).toEqual(rotated);
});

test('a stream is found by its backup key too, and both keys go with it', async () => {
  const stream = newStream();
  await store.create(stream);
  const { keyHash } = newStream();
  const backed = { ...stream, backup: { keyHash, failoverMs: 2000 }, version: 2 };
  expect(await store.replaceKey(backed, keyHash)).toBe(true);
  expect(await store.findByKeyHash(keyHash)).toEqual(backed);
  expect(await store.findByKeyHash(stream.keyHash)).toEqual(backed);
  await store.remove(backed);
  expect(await storedKeys()).toEqual([]);
});

test('a new key that comes too late opens nothing, and the present key still works', async () => {
  const stream = newStream();
  await store.create(stream);
  const late = { ...stream, keyHash: newStream().keyHash, version: 5 };
  expect(await store.replaceKey(late, late.keyHash)).toBe(false);
  expect(await store.findByKeyHash(late.keyHash)).toBeNull();
  expect(await store.findByKeyHash(stream.keyHash)).toEqual(stream);
});

const storedKeys = async (): Promise<unknown[]> => {
  const { Items = [] } = await database.client.send(new ScanCommand({ TableName: TEST_TABLES.STREAM_KEYS_TABLE }));
  return Items.map(({ keyHash }) => keyHash);
};

test('a new key that comes too late is not kept, and neither is that of a late creation', async () => {
  const stream = newStream();
  await store.create(stream);
  const rotated = { ...stream, keyHash: newStream().keyHash, version: 2 };
  await store.replaceKey(rotated, rotated.keyHash);
  await store.forgetKey(stream.keyHash);
  const late = { ...stream, keyHash: newStream().keyHash, version: 2 };
  expect(await store.replaceKey(late, late.keyHash)).toBe(false);
  expect(await store.create(stream)).toEqual(rotated);
  expect(await storedKeys()).toEqual([rotated.keyHash]);
});

test('a new key that is stored twice, because the answer to the first call was lost, works', async () => {
  const stream = newStream();
  await store.create(stream);
  const rotated = { ...stream, keyHash: newStream().keyHash, version: 2 };
  await store.replaceKey(rotated, rotated.keyHash);
  expect(await store.replaceKey(rotated, rotated.keyHash)).toBe(true);
  expect(await store.findByKeyHash(rotated.keyHash)).toEqual(rotated);
});

test('a change that is stored twice, because the answer to the first call was lost, is no conflict', async () => {
  const stream = newStream();
  await store.create(stream);
  const changed = { ...stream, title: 'Another', version: 2 };
  expect(await store.replace(changed)).toBe(true);
  expect(await store.replace(changed)).toBe(true);
  expect(await store.replace({ ...changed, title: 'A third' })).toBe(false);
  expect(await store.get(stream.id)).toEqual(changed);
});

test('pages hold every stream once', async () => {
  const streams = Array.from({ length: 7 }, newStream);
  await Promise.all(streams.map((stream) => store.create(stream)));
  const ids: string[] = [];
  let afterId: string | null = null;
  do {
    const page = await store.list({ limit: 3, afterId });
    expect(page.streams.length).toBeLessThanOrEqual(3);
    ids.push(...page.streams.map((stream) => stream.id));
    afterId = page.lastId;
  } while (afterId !== null);
  expect(ids.sort()).toEqual(streams.map((stream) => stream.id).sort());
});

test('a database that does not answer is an error, not an absent stream', async () => {
  const client = documentClientFor('http://127.0.0.1:1');
  const unreachable = createStreamStore({ client, tables: TEST_TABLES });
  await expect(unreachable.findByKeyHash(hashSecret('any'))).rejects.toThrow('ECONNREFUSED');
  client.destroy();
});

test("the pages of a person's streams have all of them and no others, however many others there are", async () => {
  const owner = { id: 'person-1', name: 'Ada' };
  const streams = Array.from({ length: 30 }, (_, index) => ({
    ...newStream(),
    owner: index % 6 === 0 ? owner : index % 6 === 1 ? { id: 'person-2', name: 'Ada' } : null,
  }));
  await Promise.all([...streams, newStream()].map((stream) => store.create(stream)));
  const listed: string[] = [];
  let afterId: string | null = null;
  do {
    const page = await store.list({ limit: 2, afterId, ownerId: owner.id });
    expect(page.streams.length).toBeGreaterThan(0);
    listed.push(...page.streams.map(({ id }) => id));
    afterId = page.lastId;
  } while (afterId !== null);
  const owned = streams.filter((stream) => stream.owner === owner).map(({ id }) => id);
  expect(listed.toSorted()).toEqual(owned.toSorted());
  expect(await store.list({ limit: 9, afterId: null, ownerId: 'person-3' })).toEqual({ streams: [], lastId: null });
});
