import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { SlateImage } from '#domain/slate-images.ts';
import type { TableNames } from '#domain/tables.ts';
import { updateIf } from './conditional-writes.ts';

/** How long it is known that a picture was removed. No writer of an older version is that late. */
const REMOVED_SECONDS = 24 * 3600;

/** A stream and its version from which on it has a picture, or none. */
export interface PicturedVersion {
  readonly streamId: string;
  readonly version: number;
}

/** Each stream's own picture for its slate. Every method rejects with the SDK's error. */
export interface SlateImageStore {
  /** Null if there is none. */
  get(streamId: string): Promise<SlateImage | null>;
  /** Stores a picture in place of the one before, unless a later version of the stream has stored or removed one. */
  put(stream: PicturedVersion, image: SlateImage): Promise<void>;
  /** Removes the picture, unless a later version of the stream has stored one. */
  remove(stream: PicturedVersion, nowMs: number): Promise<void>;
}

/** What the store needs: a client and the name of its table. */
export interface SlateImageStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'LIVE_TABLE'>;
}

/**
 * A SlateImageStore. The pictures are in the table of live streams, which the tasks may read already and the control API may write.
 * A list of streams reads another table. The stream's record is written first, and its version says which of two changes is newer,
 * in whatever order they arrive here.
 */
export function createSlateImageStore({ client, tables }: SlateImageStoreOptions): SlateImageStore {
  const itemOf = (streamId: string) => ({ TableName: tables.LIVE_TABLE, Key: { streamId: `slate-image/${streamId}` } });
  const unlessNewer = {
    ConditionExpression: 'attribute_not_exists(#version) OR #version <= :version',
    ExpressionAttributeNames: { '#version': 'version' },
  };

  const get: SlateImageStore['get'] = async (streamId) => {
    const { Item } = await client.send(new GetCommand({ ...itemOf(streamId), ConsistentRead: true }));
    return Item?.image === undefined ? null : { type: Item.imageType, data: Item.image };
  };

  const put: SlateImageStore['put'] = async ({ streamId, version }, { type, data }) => {
    await updateIf(client, {
      ...itemOf(streamId),
      ...unlessNewer,
      UpdateExpression: 'SET image = :image, imageType = :type, #version = :version REMOVE expiresAtSeconds',
      ExpressionAttributeValues: { ':image': data, ':type': type, ':version': version },
    });
  };

  const remove: SlateImageStore['remove'] = async ({ streamId, version }, nowMs) => {
    await updateIf(client, {
      ...itemOf(streamId),
      ...unlessNewer,
      UpdateExpression: 'SET #version = :version, expiresAtSeconds = :expiry REMOVE image, imageType',
      ExpressionAttributeValues: { ':version': version, ':expiry': Math.floor(nowMs / 1000) + REMOVED_SECONDS },
    });
  };

  return { get, put, remove };
}
