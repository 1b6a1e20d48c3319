import { CreateTableCommand, DynamoDBClient, ListTablesCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { TABLES, type TableNames } from '#domain/tables.ts';
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

/** Creates the tables that a local DynamoDB lacks. Resolves when all are usable. */
export async function createMissingTables({ dynamoDbUrl, tableNames }: CreateMissingTablesOptions): Promise<void> {
  const access = { endpoint: dynamoDbUrl, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const client = new DynamoDBClient({ ...access, maxAttempts: 1 });
  try {
    const { TableNames: existing = [] } = await client.send(new ListTablesCommand({}));
    const missing = TABLES.filter(({ nameVariable }) => !existing.includes(tableNames[nameVariable]));
    const creating = missing.map(({ nameVariable, partitionKey, sortKey }) =>
      createTable(client, tableNames[nameVariable], sortKey === null ? [partitionKey] : [partitionKey, sortKey]),
    );
    // None may still be asking for its table when the client is gone.
    await Promise.allSettled(creating);
    await Promise.all(creating);
  } finally {
    client.destroy();
  }
}

/** The first key is the partition key. */
async function createTable(client: DynamoDBClient, name: string, keys: readonly string[]): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: keys.map((key) => ({ AttributeName: key, AttributeType: 'S' })),
      KeySchema: keys.map((key, index) => ({ AttributeName: key, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.5 }, { TableName: name });
}
