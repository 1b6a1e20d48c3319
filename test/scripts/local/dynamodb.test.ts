import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeTableCommand, DynamoDBClient, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { generateSecret } from '#domain/stream-ids.ts';
import { TABLES } from '#domain/tables.ts';
import { documentClientFor, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { startDynamoDb } from '#scripts/local/dynamodb.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { makePublish } from '#test/support/live-store-calls.ts';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'headend-dynamodb-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const start = (directory = join(parent, 'not', 'yet', 'there')) =>
  startDynamoDb({ directory, tableNames: TEST_TABLES });

/** Runs with a separate server, which is closed afterwards. */
async function withServer<Result>(use: (client: ReturnType<typeof documentClientFor>) => Promise<Result>) {
  const server = await start();
  const client = documentClientFor(server.url);
  try {
    return await use(client);
  } finally {
    client.destroy();
    await server.close();
  }
}

test.each(TABLES)('creates $nameVariable with its key', async ({ nameVariable, partitionKey, sortKey }) => {
  const { Table } = await withServer((client) =>
    client.send(new DescribeTableCommand({ TableName: TEST_TABLES[nameVariable] })),
  );
  expect(Table).toMatchObject({
    TableStatus: 'ACTIVE',
    KeySchema: [
      { AttributeName: partitionKey, KeyType: 'HASH' },
      ...(sortKey === null ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' }]),
    ],
  });
});

test.each(TABLES)(
  'the content of $nameVariable survives a restart',
  async ({ nameVariable, partitionKey, sortKey }) => {
    const TableName = TEST_TABLES[nameVariable];
    const Key = { [partitionKey]: 'some-key', ...(sortKey !== null && { [sortKey]: 'some-place' }) };
    const Item = { ...Key, text: 'Ünïcode', none: null, number: 1.5 };
    await withServer((client) => client.send(new PutCommand({ TableName, Item })));
    const answer = await withServer((client) => client.send(new GetCommand({ TableName, Key })));
    expect(answer.Item).toEqual(Item);
  },
);

test('no epoch is repeated after a restart', async () => {
  const begin = (owner: string) =>
    withServer((client) => createLiveStore({ client, tables: TEST_TABLES }).begin(makePublish('stream-1', { owner })));
  expect(await begin('connection-1')).toMatchObject({ firstEpoch: 1 });
  expect(await begin('connection-2')).toMatchObject({ firstEpoch: 1 + EPOCHS_PER_PUBLISH });
});

test('somebody who does not know the secret can neither read nor write', async () => {
  const server = await start();
  const stranger = (secretAccessKey: string) =>
    new DynamoDBClient({
      ...{ endpoint: server.url, region: LOCAL_REGION, maxAttempts: 1 },
      credentials: { accessKeyId: LOCAL_CREDENTIALS.accessKeyId, secretAccessKey },
    });
  const TableName = TEST_TABLES.ADMIN_TOKENS_TABLE;
  for (const client of ['local', generateSecret(randomBytes)].map(stranger)) {
    const put = client.send(new PutItemCommand({ TableName, Item: { tokenHash: { S: 'x' }, id: { S: 'x' } } }));
    await expect(put).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    client.destroy();
  }
  expect((await fetch(server.url)).status).toBe(403);
  const client = documentClientFor(server.url);
  expect((await client.send(new ScanCommand({ TableName }))).Items).toEqual([]);
  client.destroy();
  await server.close();
});

test('a folder that is in use is refused, and stays usable for its user', async () => {
  const first = await start();
  const refused = start();
  await expect(refused).rejects.toBeInstanceOf(UserError);
  await expect(refused).rejects.toThrow(/^The database in .* can't be opened; is another Headend using it\?$/);
  const client = documentClientFor(first.url);
  const Item = { id: 'still-works' };
  await client.send(new PutCommand({ TableName: TEST_TABLES.STREAMS_TABLE, Item }));
  client.destroy();
  await first.close();
});

test('a folder that cannot be created is refused', async () => {
  const file = join(parent, 'file');
  await writeFile(file, '');
  await expect(start(join(file, 'below'))).rejects.toThrow('ENOTDIR');
});
