import { CreateTableCommand, DynamoDBClient, ListTablesCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { TABLES, type TableNames } from '#domain/tables.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from './aws-environment.ts';

/** A local DynamoDB, and how the tables are called there. */
export interface CreateMissingTablesOptions {
  readonly dynamoDbUrl: string;
  readonly tableNames: TableNames;
}

/** Makes the tables that a local DynamoDB lacks; resolves when they can be used. */
export async function createMissingTables({ dynamoDbUrl, tableNames }: CreateMissingTablesOptions): Promise<void> {
  const access = { endpoint: dynamoDbUrl, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const client = new DynamoDBClient({ ...access, maxAttempts: 1 });
  try {
    const { TableNames: existing = [] } = await client.send(new ListTablesCommand({}));
    for (const { nameVariable, partitionKey } of TABLES) {
      const name = tableNames[nameVariable];
      if (!existing.includes(name)) await createTable(client, name, partitionKey);
    }
  } finally {
    client.destroy();
  }
}

async function createTable(client: DynamoDBClient, name: string, partitionKey: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: [{ AttributeName: partitionKey, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: partitionKey, KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.5 }, { TableName: name });
}
