import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  type PutCommandInput,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb';
import type { StreamRecord } from '#domain/streams.ts';
import type { TableNames } from '#domain/tables.ts';

/** A page of streams in no particular but a stable order. `lastId` is null on the last page. */
export interface StreamPage {
  readonly streams: readonly StreamRecord[];
  readonly lastId: string | null;
}

/**
 * The streams in DynamoDB, with those whose deletion has begun (`deletedAt`). Reads are strongly consistent; every method
 * rejects with the SDK's error.
 */
export interface StreamStore {
  /** Resolves to the stream as it is stored: as it is by now where an earlier call has created it. */
  create(stream: StreamRecord): Promise<StreamRecord | null>;
  get(streamId: string): Promise<StreamRecord | null>;
  /** `limit` from 1 up; `afterId` is the `lastId` of the page before. */
  list(page: { readonly limit: number; readonly afterId: string | null }): Promise<StreamPage>;
  /** The stream whose present key has this hash (`hashSecret`). */
  findByKeyHash(keyHash: string): Promise<StreamRecord | null>;
  /** Stores a changed stream. False, and nothing is changed, where the stored one's version isn't the one before. */
  replace(stream: StreamRecord): Promise<boolean>;
  /** The same for a stream with a new key, which works from then on, and no other. */
  replaceKey(stream: StreamRecord): Promise<boolean>;
  /** Removes what is left of a key that was replaced. */
  forgetKey(keyHash: string): Promise<void>;
  /** Removes a stream and its key. */
  remove(stream: StreamRecord): Promise<void>;
}

/** What the store needs: a client and the names of its two tables. */
export interface StreamStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'STREAMS_TABLE' | 'STREAM_KEYS_TABLE'>;
}

/**
 * A StreamStore. A key's item only points to a stream, and the stream says which key is its own, so two plain writes do
 * without a transaction: whatever becomes of the second, no key opens a stream that doesn't name it.
 */
export function createStreamStore({ client, tables }: StreamStoreOptions): StreamStore {
  const TableName = tables.STREAMS_TABLE;
  const keysTable = tables.STREAM_KEYS_TABLE;

  const create: StreamStore['create'] = async (stream) => {
    // The key first: left alone by a failure it is harmless, while a stream without its key could not be published to.
    await addKey(stream);
    const isNew = await putIf(client, {
      TableName,
      Item: stream,
      ConditionExpression: 'attribute_not_exists(id)',
    });
    return isNew ? stream : get(stream.id);
  };

  const get: StreamStore['get'] = async (streamId) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: { id: streamId }, ConsistentRead: true }));
    return Item === undefined ? null : toStreamRecord(Item);
  };

  const list: StreamStore['list'] = async ({ limit, afterId }) => {
    const { Items, LastEvaluatedKey } = await client.send(
      new ScanCommand({
        TableName,
        Limit: limit,
        ConsistentRead: true,
        ...(afterId === null ? {} : { ExclusiveStartKey: { id: afterId } }),
      }),
    );
    return { streams: (Items ?? []).map(toStreamRecord), lastId: (LastEvaluatedKey?.id as string | undefined) ?? null };
  };

  const findByKeyHash: StreamStore['findByKeyHash'] = async (keyHash) => {
    const { Item } = await client.send(
      new GetCommand({ TableName: keysTable, Key: { keyHash }, ConsistentRead: true }),
    );
    if (Item === undefined) return null;
    const stream = await get(Item.streamId as string);
    return stream?.keyHash === keyHash ? stream : null;
  };

  const replace: StreamStore['replace'] = (stream) =>
    putIf(client, {
      TableName,
      Item: stream,
      ConditionExpression: 'attribute_exists(id) AND (#version = :version OR attribute_not_exists(#version))',
      ExpressionAttributeNames: { '#version': 'version' },
      ExpressionAttributeValues: { ':version': stream.version - 1 },
    });

  const replaceKey: StreamStore['replaceKey'] = async (stream) => {
    await addKey(stream);
    return replace(stream);
  };

  const forgetKey: StreamStore['forgetKey'] = async (keyHash) => {
    await client.send(new DeleteCommand({ TableName: keysTable, Key: { keyHash } }));
  };

  const remove: StreamStore['remove'] = async ({ id, keyHash }) => {
    await forgetKey(keyHash);
    await client.send(new DeleteCommand({ TableName, Key: { id } }));
  };

  const addKey = async ({ keyHash, id }: StreamRecord): Promise<void> => {
    await client.send(new PutCommand({ TableName: keysTable, Item: { keyHash, streamId: id } }));
  };

  return { create, get, list, findByKeyHash, replace, replaceKey, forgetKey, remove };
}

type Item = Record<string, unknown>;

/** Streams that were created by release 0.1.0 have nothing of what came after it. */
function toStreamRecord(item: Item): StreamRecord {
  const additions = {
    notBefore: null,
    notAfter: null,
    allowedSources: [],
    version: 1,
    updatedAt: item.createdAt,
    deletedAt: null,
  };
  return { ...additions, ...item } as Item as unknown as StreamRecord;
}

/** False instead of an error where the condition fails. */
async function putIf(client: DynamoDBDocumentClient, input: PutCommandInput): Promise<boolean> {
  try {
    await client.send(new PutCommand(input));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
