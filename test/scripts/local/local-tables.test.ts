import { readdir } from 'node:fs/promises';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  PutItemCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { startTemporaryDynamoDb, TEST_TABLES, type TemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { createStreamIndex } from '#runtime/stream-index.ts';
import { createMissingTables } from '#scripts/local/local-tables.ts';

const { STREAMS_TABLE: TableName } = TEST_TABLES;
const STREAMS = ['a', 'b'].map((letter) => ({
  ...makeStreamRecord(),
  ...{ id: `stream-${letter}`, playbackId: letter.repeat(16), title: letter },
}));
const INTERRUPTED = new Error('interrupted');

let database: TemporaryDynamoDb;
beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  await removeIndex(database.client);
  for (const Item of STREAMS) await database.client.send(new PutCommand({ TableName, Item }));
});
afterEach(() => database.close());

const prepare = (): Promise<void> =>
  createMissingTables({ directory: database.directory, dynamoDbUrl: database.url, tableNames: TEST_TABLES });

/** Makes the table as it was before it had an index. */
async function removeIndex(client: TemporaryDynamoDb['client']): Promise<void> {
  const wait = { client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.5 };
  await client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists(wait, { TableName });
  await client.send(
    new CreateTableCommand({
      ...{ TableName, BillingMode: 'PAY_PER_REQUEST' },
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists(wait, { TableName });
}

async function expectAllStreams(): Promise<void> {
  const index = createStreamIndex({ client: database.client, tables: TEST_TABLES });
  for (const { playbackId, title } of STREAMS) expect(await index.find(playbackId)).toEqual({ title });
  expect((await readdir(database.directory)).filter((name) => name.includes('items'))).toEqual([]);
}

test('a table without its index gets it, and keeps its items', async () => {
  await prepare();
  await expectAllStreams();
});

test.each([
  ['while the table is being deleted', DeleteTableCommand, 1, 'after'],
  ['before the table is made', CreateTableCommand, 1, 'before'],
  ['between two items', PutItemCommand, 2, 'before'],
  ['after the last item', PutItemCommand, 2, 'after'],
] as const)('a start that is interrupted %s loses no item', async (_when, Command, turn, side) => {
  const { prototype } = DynamoDBClient;
  const send = prototype.send as (command: unknown) => Promise<unknown>;
  let turns = 0;
  prototype.send = async function (this: DynamoDBClient, command: unknown) {
    const isTurn = command instanceof Command && ++turns === turn;
    if (isTurn && side === 'before') throw INTERRUPTED;
    const answer = await send.call(this, command);
    if (isTurn) throw INTERRUPTED;
    return answer;
  } as typeof prototype.send;
  try {
    await expect(prepare()).rejects.toBe(INTERRUPTED);
  } finally {
    prototype.send = send as typeof prototype.send;
  }
  // The database ends with the start.
  database = await database.restart();
  await prepare();
  await expectAllStreams();
});
