import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { TableNames } from '#domain/tables.ts';
import { putIf } from './conditional-writes.ts';
import { StoreUnavailableError } from './store-unavailable.ts';

/** How long a request may be repeated, in milliseconds. */
export const IDEMPOTENCY_WINDOW_MS = 24 * 60 * 60 * 1000;

/** A request that may be repeated. It contains no secret. */
export interface IdempotencyRecord {
  /** Differs if something else is requested. */
  readonly fingerprint: string;
  /** Random, in hex. With it, a repeat generates the same ids and secrets again. */
  readonly seed: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /**
   * The state that the first attempt found, in JSON's types. A repeat must not change what has since got another state.
   */
  readonly base: unknown;
  /** Whether the request has been carried out completely. */
  readonly isDone: boolean;
}

/**
 * Requests by idempotency key, in DynamoDB. Also remembers what was removed, so that a repeat does not create it again.
 * Every method rejects with the SDK's error.
 */
export interface IdempotencyStore {
  /** Begins a request. Resolves to the first attempt's record if there was one within the last 24 hours. */
  begin(request: {
    readonly requestKey: string;
    readonly fingerprint: string;
    readonly seed: string;
    readonly base: unknown;
    /** Milliseconds since 1970. */
    readonly nowMs: number;
  }): Promise<IdempotencyRecord>;
  /** Records that a request that has begun is done. */
  finish(requestKey: string): Promise<void>;
  /** Records that something is removed, for as long as the request that created it may be repeated. */
  markRemoved(removal: {
    readonly thingId: string;
    /** Milliseconds since 1970. */
    readonly nowMs: number;
  }): Promise<void>;
  wasRemoved(thingId: string): Promise<boolean>;
}

/** What the store needs: a client and the name of its table. */
export interface IdempotencyStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'IDEMPOTENCY_TABLE'>;
}

/** An IdempotencyStore. DynamoDB deletes expired items some time later. Until then they are ignored. */
export function createIdempotencyStore({ client, tables }: IdempotencyStoreOptions): IdempotencyStore {
  const TableName = tables.IDEMPOTENCY_TABLE;

  const begin: IdempotencyStore['begin'] = async ({ requestKey, fingerprint, seed, base, nowMs }) => {
    const record: IdempotencyRecord = { fingerprint, seed, startedAtMs: nowMs, base, isDone: false };
    const isNew = await putIf(client, {
      TableName,
      Item: { requestKey, ...record, expiresAtSeconds: expirySeconds(nowMs) },
      ConditionExpression: 'attribute_not_exists(requestKey) OR expiresAtSeconds <= :nowSeconds',
      ExpressionAttributeValues: { ':nowSeconds': Math.floor(nowMs / 1000) },
    });
    if (isNew) return record;
    const { Item } = await client.send(new GetCommand({ TableName, Key: { requestKey }, ConsistentRead: true }));
    // DynamoDB deleted the expired item between the two calls.
    if (Item === undefined) throw new StoreUnavailableError('the request expired while it was looked up');
    return Item as unknown as IdempotencyRecord;
  };

  const finish: IdempotencyStore['finish'] = async (requestKey) => {
    await client.send(
      new UpdateCommand({
        TableName,
        Key: { requestKey },
        UpdateExpression: 'SET isDone = :true',
        ConditionExpression: 'attribute_exists(requestKey)',
        ExpressionAttributeValues: { ':true': true },
      }),
    );
  };

  const markRemoved: IdempotencyStore['markRemoved'] = async ({ thingId, nowMs }) => {
    const Item = { requestKey: removalKey(thingId), expiresAtSeconds: expirySeconds(nowMs) };
    await client.send(new PutCommand({ TableName, Item }));
  };

  const wasRemoved: IdempotencyStore['wasRemoved'] = async (thingId) => {
    const Key = { requestKey: removalKey(thingId) };
    const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    return Item !== undefined;
  };

  return { begin, finish, markRemoved, wasRemoved };
}

const expirySeconds = (nowMs: number): number => Math.ceil((nowMs + IDEMPOTENCY_WINDOW_MS) / 1000);

/** A request's key is a hash, so none has this form. */
const removalKey = (thingId: string): string => `removed ${thingId}`;
