import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { streamPlaybackIds } from '#domain/playback-ids.ts';
import { type TableNames, tableIndex } from '#domain/tables.ts';

/** What everybody who has its playback id may know of a stream. */
export interface CataloguedStream {
  readonly title: string;
}

/**
 * The streams by playback id, in an index of the table of streams that has only what viewers may know. It lags behind the table by
 * less than a second. Rejects with the SDK's error.
 */
export interface StreamIndex {
  /**
   * Null if no stream has this playback id now, for its viewers or its preview: it was never given out, or the stream got another
   * one or was deleted.
   */
  find(playbackId: string): Promise<CataloguedStream | null>;
}

/** What the index needs: a client and the name of its table. */
export interface StreamIndexOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'STREAMS_TABLE'>;
}

export function createStreamIndex({ client, tables }: StreamIndexOptions): StreamIndex {
  const { name, partitionKey } = tableIndex('STREAMS_TABLE');
  const findByOwnId: StreamIndex['find'] = async (playbackId) => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tables.STREAMS_TABLE,
        IndexName: name,
        KeyConditionExpression: '#key = :playbackId',
        ExpressionAttributeNames: { '#key': partitionKey },
        ExpressionAttributeValues: { ':playbackId': playbackId },
        Limit: 1,
      }),
    );
    const [item] = Items;
    if (item === undefined || (item.deletedAt ?? null) !== null) return null;
    return { title: item.title as string };
  };
  const find: StreamIndex['find'] = async (playbackId) => {
    for (const ownId of streamPlaybackIds(playbackId)) {
      const stream = await findByOwnId(ownId);
      if (stream !== null) return stream;
    }
    return null;
  };
  return { find };
}
