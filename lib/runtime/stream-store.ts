import { isDeepStrictEqual } from 'node:util';
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { StreamRecord } from '#domain/streams.ts';
import type { TableNames } from '#domain/tables.ts';
import { putIf } from './conditional-writes.ts';

/** A page of streams. Their order means nothing but is always the same. `lastId` is null on the last page. */
export interface StreamPage {
  readonly streams: readonly StreamRecord[];
  readonly lastId: string | null;
}

/**
 * The streams in DynamoDB. They include streams whose deletion has begun (`deletedAt`). Reads are strongly consistent.
 * Every method rejects with the SDK's error.
 */
export interface StreamStore {
  /**
   * Resolves to the stream as it is stored. If an earlier call has created it, that includes later changes; if it was
   * removed in the meantime, null.
   */
  create(stream: StreamRecord): Promise<StreamRecord | null>;
  get(streamId: string): Promise<StreamRecord | null>;
  /**
   * `limit` is at least 1. `afterId` is the `lastId` of the page before. With an `ownerId`, only the streams of this person are listed: a
   * call reads up to a megabyte of the table, so that few pages are empty.
   */
  list(page: {
    readonly limit: number;
    readonly afterId: string | null;
    /** @default null */
    readonly ownerId?: string | null;
  }): Promise<StreamPage>;
  /** The stream of which one of the present keys has this hash (`hashSecret`). */
  findByKeyHash(keyHash: string): Promise<StreamRecord | null>;
  /**
   * Stores a changed stream. Resolves to false, and changes nothing, unless the stored version is the one before. A
   * stream that is stored just so already counts as stored.
   */
  replace(stream: StreamRecord): Promise<boolean>;
  /**
   * Like `replace`, for a stream with a new key, whose hash is `keyHash`. From then on the key that it replaces opens
   * nothing. Nothing is left of a new key that is not stored.
   */
  replaceKey(stream: StreamRecord, keyHash: string): Promise<boolean>;
  /** Removes what is left of a key that was replaced. */
  forgetKey(keyHash: string): Promise<void>;
  /** Removes a stream and its keys. */
  remove(stream: StreamRecord): Promise<void>;
}

/** What the store needs: a client and the names of its two tables. */
export interface StreamStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'STREAMS_TABLE' | 'STREAM_KEYS_TABLE'>;
}

/**
 * A StreamStore. A key's item only points to a stream, and the stream names its keys. So two plain writes need no
 * transaction: whatever happens to the second one, a key that its stream does not name opens nothing.
 */
export function createStreamStore({ client, tables }: StreamStoreOptions): StreamStore {
  const TableName = tables.STREAMS_TABLE;
  const keysTable = tables.STREAM_KEYS_TABLE;

  const create: StreamStore['create'] = async (stream) => {
    // The key comes first. A key without its stream is harmless; a stream without its key could not be published to.
    await addKey(stream.id, stream.keyHash);
    const isNew = await putIf(client, {
      TableName,
      Item: stream,
      ConditionExpression: 'attribute_not_exists(id)',
    });
    if (isNew) return stream;
    const stored = await get(stream.id);
    if (stored?.keyHash !== stream.keyHash) await forgetKey(stream.keyHash);
    return stored;
  };

  const get: StreamStore['get'] = async (streamId) => {
    const { Item } = await client.send(new GetCommand({ TableName, Key: { id: streamId }, ConsistentRead: true }));
    return (Item as StreamRecord | undefined) ?? null;
  };

  const list: StreamStore['list'] = async ({ limit, afterId, ownerId = null }) => {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new ScanCommand({
        TableName,
        ConsistentRead: true,
        ...(ownerId === null ? { Limit: limit } : ownedBy(ownerId)),
        ...(afterId === null ? {} : { ExclusiveStartKey: { id: afterId } }),
      }),
    );
    const streams = (Items as StreamRecord[]).slice(0, limit);
    const lastId = streams.length < Items.length ? streams.at(-1)?.id : LastEvaluatedKey?.id;
    return { streams, lastId: (lastId as string | undefined) ?? null };
  };

  const findByKeyHash: StreamStore['findByKeyHash'] = async (keyHash) => {
    const { Item } = await client.send(
      new GetCommand({ TableName: keysTable, Key: { keyHash }, ConsistentRead: true }),
    );
    if (Item === undefined) return null;
    const stream = await get(Item.streamId as string);
    return stream !== null && hasKey(stream, keyHash) ? stream : null;
  };

  const replace: StreamStore['replace'] = async (stream) => {
    const isReplaced = await putIf(client, {
      TableName,
      Item: stream,
      ConditionExpression: '#version = :version',
      ExpressionAttributeNames: { '#version': 'version' },
      ExpressionAttributeValues: { ':version': stream.version - 1 },
    });
    // The SDK repeats a call whose answer was lost, and finds that the stream has its next version already.
    return isReplaced || isDeepStrictEqual(await get(stream.id), stream);
  };

  const replaceKey: StreamStore['replaceKey'] = async (stream, keyHash) => {
    await addKey(stream.id, keyHash);
    if (await replace(stream)) return true;
    // Another change may have followed since the key was stored. The key is in use, then.
    const stored = await get(stream.id);
    if (stored !== null && hasKey(stored, keyHash)) return true;
    await forgetKey(keyHash);
    return false;
  };

  const forgetKey: StreamStore['forgetKey'] = async (keyHash) => {
    await client.send(new DeleteCommand({ TableName: keysTable, Key: { keyHash } }));
  };

  const remove: StreamStore['remove'] = async ({ id, keyHash, backup }) => {
    await forgetKey(keyHash);
    if (backup) await forgetKey(backup.keyHash);
    await client.send(new DeleteCommand({ TableName, Key: { id } }));
  };

  const addKey = async (streamId: string, keyHash: string): Promise<void> => {
    await client.send(new PutCommand({ TableName: keysTable, Item: { keyHash, streamId } }));
  };

  return { create, get, list, findByKeyHash, replace, replaceKey, forgetKey, remove };
}

/** Of a scan. DynamoDB counts a limit before it filters. */
const ownedBy = (personId: string) => ({
  FilterExpression: '#owner.#id = :personId',
  ExpressionAttributeNames: { '#owner': 'owner', '#id': 'id' },
  ExpressionAttributeValues: { ':personId': personId },
});

const hasKey = (stream: StreamRecord, keyHash: string): boolean =>
  stream.keyHash === keyHash || stream.backup?.keyHash === keyHash;
