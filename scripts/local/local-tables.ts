import {
  type AttributeValue,
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

/** Names of the tables in a DynamoDB that serves one Headend only. */
export const LOCAL_TABLE_NAMES: TableNames = {
  STREAMS_TABLE: 'streams',
  STREAM_KEYS_TABLE: 'stream-keys',
  LIVE_TABLE: 'live',
  TASKS_TABLE: 'tasks',
  ADMIN_TOKENS_TABLE: 'admin-tokens',
  IDEMPOTENCY_TABLE: 'idempotency',
  AUDIT_TABLE: 'audit',
  PURGES_TABLE: 'purges',
};

/** A local DynamoDB and the names of its tables. */
export interface CreateMissingTablesOptions {
  readonly dynamoDbUrl: string;
  readonly tableNames: TableNames;
}

/** Creates the tables and indexes that a local DynamoDB lacks. Resolves when all are usable. */
export async function createMissingTables({ dynamoDbUrl, tableNames }: CreateMissingTablesOptions): Promise<void> {
  const access = { endpoint: dynamoDbUrl, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const client = new DynamoDBClient({ ...access, maxAttempts: 1 });
  try {
    const { TableNames: existing = [] } = await client.send(new ListTablesCommand({}));
    const preparing = TABLES.map(async (table: TableDefinition & { readonly nameVariable: TableVariable }) => {
      const name = tableNames[table.nameVariable];
      if (!existing.includes(name)) await createTable(client, name, table);
      else if (table.index !== undefined) await addMissingIndex(client, name, table);
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

/** Makes a table of an earlier release anew, with its items: dynalite adds no index to a table, as DynamoDB does. */
async function addMissingIndex(client: DynamoDBClient, name: string, table: TableDefinition): Promise<void> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
  if (Table?.GlobalSecondaryIndexes?.some(({ IndexName }) => IndexName === table.index?.name)) return;
  const items: Record<string, AttributeValue>[] = [];
  for await (const page of paginateScan({ client }, { TableName: name })) items.push(...(page.Items ?? []));
  await client.send(new DeleteTableCommand({ TableName: name }));
  await waitUntilTableNotExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.5 }, { TableName: name });
  await createTable(client, name, table);
  for (const item of items) await client.send(new PutItemCommand({ TableName: name, Item: item }));
}
