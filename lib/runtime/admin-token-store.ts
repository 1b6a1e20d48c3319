import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { type AdminTokenRecord, LAST_USE_INTERVAL_MS, UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import type { TableNames } from '#domain/tables.ts';
import { updateIf } from './conditional-writes.ts';

/** A page of admin tokens. Their order means nothing but is always the same. `lastId` is null on the last page. */
export interface AdminTokenPage {
  readonly tokens: readonly AdminTokenRecord[];
  readonly lastId: string | null;
}

/** The admin tokens in DynamoDB. Reads are strongly consistent. Every method rejects with the SDK's error. */
export interface AdminTokenStore {
  /** Changes nothing if the same token is already stored. Rejects if another token has its id. */
  put(token: AdminTokenRecord): Promise<void>;
  get(tokenId: string): Promise<AdminTokenRecord | null>;
  /** `limit` is at least 1. `afterId` is the `lastId` of the page before. */
  list(page: { readonly limit: number; readonly afterId: string | null }): Promise<AdminTokenPage>;
  /** Writes down that a token was used, unless it was removed or was used less than an hour before. */
  recordUse(use: {
    readonly tokenId: string;
    /** Milliseconds since 1970. */
    readonly nowMs: number;
  }): Promise<void>;
  /** Resolves to false if there is no such token. */
  remove(tokenId: string): Promise<boolean>;
}

/** What the store needs: a client and the name of its table. */
export interface AdminTokenStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'ADMIN_TOKENS_TABLE'>;
}

/** An AdminTokenStore. */
export function createAdminTokenStore({ client, tables }: AdminTokenStoreOptions): AdminTokenStore {
  const TableName = tables.ADMIN_TOKENS_TABLE;

  const put: AdminTokenStore['put'] = async (token) => {
    await client.send(
      new PutCommand({
        TableName,
        Item: token,
        // Putting the same token again is no conflict, because the SDK repeats a call whose answer was lost.
        ConditionExpression: 'attribute_not_exists(id) OR tokenHash = :hash',
        ExpressionAttributeValues: { ':hash': token.tokenHash },
      }),
    );
  };

  const get: AdminTokenStore['get'] = async (tokenId) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: { id: tokenId }, ConsistentRead: true }));
    return Item === undefined ? null : toRecord(Item);
  };

  const list: AdminTokenStore['list'] = async ({ limit, afterId }) => {
    const { Items, LastEvaluatedKey } = await client.send(
      new ScanCommand({
        TableName,
        Limit: limit,
        ConsistentRead: true,
        ...(afterId === null ? {} : { ExclusiveStartKey: { id: afterId } }),
      }),
    );
    return {
      tokens: (Items ?? []).map(toRecord),
      lastId: (LastEvaluatedKey?.id as string | undefined) ?? null,
    };
  };

  const recordUse: AdminTokenStore['recordUse'] = async ({ tokenId, nowMs }) => {
    await updateIf(client, {
      TableName,
      Key: { id: tokenId },
      UpdateExpression: 'SET lastUsedAtMs = :now',
      // Without the first condition, the use of a token that was just revoked would create it again.
      ConditionExpression:
        'attribute_exists(id) AND (NOT attribute_type(lastUsedAtMs, :number) OR lastUsedAtMs <= :before)',
      ExpressionAttributeValues: { ':now': nowMs, ':before': nowMs - LAST_USE_INTERVAL_MS, ':number': 'N' },
    });
  };

  const remove: AdminTokenStore['remove'] = async (tokenId) => {
    const { Attributes } = await client.send(
      new DeleteCommand({ TableName, Key: { id: tokenId }, ReturnValues: 'ALL_OLD' }),
    );
    return Attributes !== undefined;
  };

  return { put, get, list, recordUse, remove };
}

/** Records that were written before there were scopes lack some fields. */
const toRecord = (item: Record<string, unknown>): AdminTokenRecord =>
  ({ ...UNLIMITED_TOKEN, ...item }) as AdminTokenRecord;
