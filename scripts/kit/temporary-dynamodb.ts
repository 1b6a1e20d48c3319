import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { TableNames } from '#domain/tables.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION, LOCAL_SECRET_VARIABLE } from '#scripts/local/aws-environment.ts';
import { startDynamoDb } from '#scripts/local/dynamodb.ts';

/** Table names that no deployment uses. */
export const TEST_TABLES: TableNames = {
  STREAMS_TABLE: 'test-streams',
  STREAM_KEYS_TABLE: 'test-stream-keys',
  LIVE_TABLE: 'test-live',
  TASKS_TABLE: 'test-tasks',
  ADMIN_TOKENS_TABLE: 'test-admin-tokens',
  IDEMPOTENCY_TABLE: 'test-idempotency',
  AUDIT_TABLE: 'test-audit',
  PURGES_TABLE: 'test-purges',
};

/** Variables of a platform that uses this process's database. */
export const SHARED_SECRET = { [LOCAL_SECRET_VARIABLE]: LOCAL_CREDENTIALS.secretAccessKey };

/** A document client for a DynamoDB endpoint. It does not retry, so that tests see every failure. */
export function documentClientFor(endpoint: string): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 1 }),
  );
}

/** Starts a DynamoDB with all tables in a temporary folder, which `close` removes. */
export async function startTemporaryDynamoDb(tableNames: TableNames = TEST_TABLES) {
  const directory = await mkdtemp(join(tmpdir(), 'headend-dynamodb-'));
  const server = await startDynamoDb({ directory, tableNames });
  const client = documentClientFor(server.url);
  return {
    url: server.url,
    client,
    async close(): Promise<void> {
      client.destroy();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
