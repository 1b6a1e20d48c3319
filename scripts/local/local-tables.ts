import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type GlobalSecondaryIndex,
  ListTablesCommand,
  PutItemCommand,
  paginateScan,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { TABLES, type TableDefinition, type TableIndex, type TableNames, type TableVariable } from '#domain/tables.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from './aws-environment.ts';
import { SavedItems, type TableItem } from './saved-items.ts';

/** Names of the tables in a DynamoDB that serves one Headend only. */
export const LOCAL_TABLE_NAMES: TableNames = {
  STREAMS_TABLE: 'streams',
  STREAM_KEYS_TABLE: 'stream-keys',
  LIVE_TABLE: 'live',
  TASKS_TABLE: 'tasks',
  ADMIN_TOKENS_TABLE: 'admin-tokens',
  SESSIONS_TABLE: 'sessions',
  IDEMPOTENCY_TABLE: 'idempotency',
  AUDIT_TABLE: 'audit',
  PURGES_TABLE: 'purges',
  EVENTS_TABLE: 'events',
};

/** A local DynamoDB and the names of its tables. */
export interface CreateMissingTablesOptions {
  /** The folder of its data. */
  readonly directory: string;
  readonly dynamoDbUrl: string;
  readonly tableNames: TableNames;
}

interface TablePreparation {
  readonly name: string;
  readonly table: TableDefinition;
  readonly exists: boolean;
  readonly saved: SavedItems;
}

/** Creates the tables and indexes that a local DynamoDB lacks. Resolves when all are usable. */
export async function createMissingTables(options: CreateMissingTablesOptions): Promise<void> {
  const { directory, dynamoDbUrl, tableNames } = options;
  const access = { endpoint: dynamoDbUrl, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const client = new DynamoDBClient({ ...access, maxAttempts: 1 });
  try {
    const { TableNames: existing = [] } = await client.send(new ListTablesCommand({}));
    const preparing = TABLES.map(async (table: TableDefinition & { readonly nameVariable: TableVariable }) => {
      const name = tableNames[table.nameVariable];
      const exists = existing.includes(name);
      if (table.index !== undefined) {
        await makeTableWithIndex(client, { name, table, exists, saved: new SavedItems(directory, name) });
      } else if (!exists) await createTable(client, name, table);
    });
    // None may still be asking for its table when the client is gone.
    await Promise.allSettled(preparing);
    await Promise.all(preparing);
  } finally {
    client.destroy();
  }
}

async function createTable(client: DynamoDBClient, name: string, table: TableDefinition): Promise<void> {
  const { partitionKey, sortKey, index } = table;
  const keys = sortKey === null ? [partitionKey] : [partitionKey, sortKey];
  const allKeys = index === undefined ? keys : [...keys, index.partitionKey];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: allKeys.map((key) => ({ AttributeName: key, AttributeType: 'S' })),
      KeySchema: keys.map((key, position) => ({ AttributeName: key, KeyType: position === 0 ? 'HASH' : 'RANGE' })),
      BillingMode: 'PAY_PER_REQUEST',
      ...(index !== undefined && { GlobalSecondaryIndexes: [toIndex(index)] }),
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.5 }, { TableName: name });
}

function toIndex({ name, partitionKey, attributes }: TableIndex): GlobalSecondaryIndex {
  return {
    IndexName: name,
    KeySchema: [{ AttributeName: partitionKey, KeyType: 'HASH' }],
    Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...attributes] },
  };
}

/**
 * Makes a table without its index anew, with its items: dynalite adds no index to a table, as DynamoDB does. The items are in a file
 * meanwhile, so that a start that is interrupted loses none: the next one goes on with them.
 */
async function makeTableWithIndex(client: DynamoDBClient, preparation: TablePreparation): Promise<void> {
  const { name, table, exists, saved } = preparation;
  const found = exists ? (await client.send(new DescribeTableCommand({ TableName: name }))).Table : undefined;
  const hasIndex = found?.GlobalSecondaryIndexes?.some(({ IndexName }) => IndexName === table.index?.name) ?? false;
  // A table that is whole is newer than a file. One that was being deleted is not whole.
  if (!hasIndex && found?.TableStatus === 'ACTIVE') await saved.write(await readItems(client, name));
  const items = await saved.read();
  if (found !== undefined && !hasIndex) {
    await client.send(new DeleteTableCommand({ TableName: name }));
    await waitUntilTableNotExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.5 }, { TableName: name });
  }
  if (!hasIndex) await createTable(client, name, table);
  for (const item of items ?? []) await client.send(new PutItemCommand({ TableName: name, Item: item }));
  await saved.remove();
}

async function readItems(client: DynamoDBClient, name: string): Promise<TableItem[]> {
  const items: TableItem[] = [];
  for await (const page of paginateScan({ client }, { TableName: name })) items.push(...(page.Items ?? []));
  return items;
}
