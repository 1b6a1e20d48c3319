import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { TableNames } from '#domain/tables.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION, LOCAL_SECRET_VARIABLE } from '#scripts/local/aws-environment.ts';
import { openDynamoDb, startDynamoDb } from '#scripts/local/dynamodb.ts';

/** Table names that no deployment uses. */
export const TEST_TABLES: TableNames = {
  STREAMS_TABLE: 'test-streams',
  STREAM_KEYS_TABLE: 'test-stream-keys',
  LIVE_TABLE: 'test-live',
  TASKS_TABLE: 'test-tasks',
  ADMIN_TOKENS_TABLE: 'test-admin-tokens',
  SESSIONS_TABLE: 'test-sessions',
  IDEMPOTENCY_TABLE: 'test-idempotency',
  AUDIT_TABLE: 'test-audit',
  PURGES_TABLE: 'test-purges',
  EVENTS_TABLE: 'test-events',
};

/** Variables of a platform that uses this process's database. */
export const SHARED_SECRET = { [LOCAL_SECRET_VARIABLE]: LOCAL_CREDENTIALS.secretAccessKey };

/** A document client for a DynamoDB endpoint. It does not retry, so that tests see every failure. */
export function documentClientFor(endpoint: string): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 1 }),
  );
}

/** The database files of DynamoDBs in which nothing but the tables is, by the tables' names. Tables take longer than files. */
const emptyDatabases = new Map<string, Promise<ReadonlyMap<string, Buffer>>>();

/** A DynamoDB in a temporary folder. */
export interface TemporaryDynamoDb {
  readonly url: string;
  readonly directory: string;
  readonly client: DynamoDBDocumentClient;
  /** Ends it, and starts another one with its folder. */
  restart(): Promise<TemporaryDynamoDb>;
  /** Ends it, and removes the folder. */
  close(): Promise<void>;
}

/** Starts a DynamoDB with all tables. */
export async function startTemporaryDynamoDb(tableNames: TableNames = TEST_TABLES): Promise<TemporaryDynamoDb> {
  const names = JSON.stringify(tableNames);
  const empty = emptyDatabases.get(names) ?? makeEmptyDatabase(tableNames);
  emptyDatabases.set(names, empty);
  const directory = await makeDirectory();
  for (const [name, content] of await empty) await writeFile(join(directory, name), content);
  return openTemporaryDynamoDb(directory);
}

async function openTemporaryDynamoDb(directory: string): Promise<TemporaryDynamoDb> {
  const server = await openDynamoDb({ directory });
  const client = documentClientFor(server.url);
  const end = async (): Promise<void> => {
    client.destroy();
    await server.close();
  };
  return {
    ...{ url: server.url, directory, client },
    restart: async () => {
      await end();
      return openTemporaryDynamoDb(directory);
    },
    close: async () => {
      await end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function makeEmptyDatabase(tableNames: TableNames): Promise<ReadonlyMap<string, Buffer>> {
  const directory = await makeDirectory();
  try {
    await (await startDynamoDb({ directory, tableNames })).close();
    const names = await readdir(directory);
    return new Map(
      await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const makeDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'headend-dynamodb-'));
