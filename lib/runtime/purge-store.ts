import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { PurgeRecord } from '#domain/purges.ts';
import type { TableNames } from '#domain/tables.ts';

/** How long the status of a purge can be read. */
const KEPT_SECONDS = 7 * 24 * 3600;

/** The purges in DynamoDB. Reads are strongly consistent. Every method rejects with the SDK's error. */
export interface PurgeStore {
  get(purgeId: string): Promise<PurgeRecord | null>;
  /** Stores a purge in its latest state. */
  put(purge: PurgeRecord): Promise<void>;
}

/** What the store needs: a client and the name of its table. */
export interface PurgeStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'PURGES_TABLE'>;
}

/** A PurgeStore. DynamoDB deletes old purges by itself. */
export function createPurgeStore({ client, tables }: PurgeStoreOptions): PurgeStore {
  const TableName = tables.PURGES_TABLE;

  const get: PurgeStore['get'] = async (purgeId) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: { purgeId }, ConsistentRead: true }));
    if (Item === undefined) return null;
    const { expiresAtSeconds: _expiry, ...purge } = Item;
    return purge as PurgeRecord;
  };

  const put: PurgeStore['put'] = async (purge) => {
    const expiresAtSeconds = Math.floor(Date.parse(purge.requestedAt) / 1000) + KEPT_SECONDS;
    await client.send(new PutCommand({ TableName, Item: { ...purge, expiresAtSeconds } }));
  };

  return { get, put };
}
