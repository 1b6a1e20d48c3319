import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { EndReason, LiveRecord, StreamHealth } from '#domain/streams.ts';
import type { TableNames } from '#domain/tables.ts';
import { updateIf } from './conditional-writes.ts';
import { StoreUnavailableError } from './store-unavailable.ts';

/** Epochs that one publish may use: one for each start of its FFmpeg. */
export const EPOCHS_PER_PUBLISH = 1_000;

/** How long a stream counts as live after its last sign of life, in milliseconds. */
export const LEASE_DURATION_MS = 10_000;

/** BatchGetItem takes no more keys than this at once (DynamoDB API reference). */
export const BATCH_GET_LIMIT = 100;
const BATCH_GET_ATTEMPTS = 3;

/** How long a deleted stream refuses publishes that were allowed before: they take seconds to begin. */
const DELETED_ITEM_SECONDS = 24 * 3600;

/** Whether a heartbeat's owner still has its stream. Where not: why somebody asked for the end; null: another publisher took over. */
export type HeartbeatResult = { readonly held: true } | { readonly held: false; readonly reason: EndReason | null };

/**
 * Somebody's wish that the publish of a stream ends. A stop ends the one there is. A new key and a deletion also refuse
 * those that were allowed by a version of the stream below `minVersion` and have not begun yet.
 */
export type EndRequest = {
  readonly streamId: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
} & (
  | {
      readonly reason: 'stopped';
      /** Ends this publisher's alone. @default whoever publishes */
      readonly owner?: string;
    }
  | { readonly reason: Exclude<EndReason, 'stopped'>; readonly minVersion: number }
);

/** Who encodes which stream, in DynamoDB. Reads are strongly consistent; every method rejects with the SDK's error. */
export interface LiveStore {
  /**
   * Makes `owner` the stream's publisher, whoever was before, and gives it the epochs `firstEpoch` and the next 999. Null,
   * and nothing is changed, where the stream's key has been replaced or the stream deleted since the publish was allowed.
   */
  begin(publish: {
    readonly streamId: string;
    readonly owner: string;
    /** The stream's version that allowed the publish (AuthorisedStream). */
    readonly version: number | null;
    /** ISO 8601, UTC. */
    readonly startedAt: string;
    /** Milliseconds since 1970. */
    readonly nowMs: number;
  }): Promise<{ readonly firstEpoch: number } | null>;
  /** Renews the lease, unless the stream has another owner by now, or none. */
  heartbeat(beat: {
    readonly streamId: string;
    readonly owner: string;
    readonly leaseUntilMs: number;
    readonly health: StreamHealth | null;
    /** Gives the call up. @default never */
    readonly signal?: AbortSignal;
  }): Promise<HeartbeatResult>;
  /** Takes the stream from whoever publishes it, who learns of it by the next heartbeat. False where nobody was live. */
  requestEnd(request: EndRequest): Promise<boolean>;
  /** Gives the stream up. False when it has another owner by now, or none. */
  end(publish: { readonly streamId: string; readonly owner: string }): Promise<boolean>;
  /** Null where nobody publishes; the lease may have run out. */
  get(streamId: string): Promise<LiveRecord | null>;
  /** Those of at most 100 streams that somebody publishes, by stream id. */
  batchGet(streamIds: readonly string[]): Promise<ReadonlyMap<string, LiveRecord>>;
}

/** What the store needs: a client and the name of its table. */
export interface LiveStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'LIVE_TABLE'>;
}

/** A LiveStore. A stream's item outlives its publishes, since it counts the epochs; without an owner it is idle. */
export function createLiveStore({ client, tables }: LiveStoreOptions): LiveStore {
  const table = tables.LIVE_TABLE;
  /** `owner` is a reserved word of DynamoDB's expressions. */
  const itemOf = (streamId: string) => ({
    TableName: table,
    Key: { streamId },
    ExpressionAttributeNames: { '#owner': 'owner' },
  });

  const begin: LiveStore['begin'] = async ({ streamId, owner, version, startedAt, nowMs }) => {
    // The counter is added to, never set: a retry of an update that had succeeded skips epochs but repeats none.
    const begun = await updateIf(client, {
      ...itemOf(streamId),
      UpdateExpression:
        'ADD epoch :count SET #owner = :owner, startedAt = :startedAt, leaseUntilMs = :leaseUntilMs, health = :health ' +
        'REMOVE endReason, expiresAtSeconds',
      ConditionExpression: 'attribute_not_exists(minVersion) OR minVersion <= :version',
      ExpressionAttributeValues: {
        ':count': EPOCHS_PER_PUBLISH,
        ':owner': owner,
        ':startedAt': startedAt,
        ':leaseUntilMs': nowMs + LEASE_DURATION_MS,
        ':health': null,
        ':version': version ?? Number.MAX_SAFE_INTEGER,
      },
      ReturnValues: 'UPDATED_NEW',
    });
    return begun === null ? null : { firstEpoch: (begun as unknown as LiveRecord).epoch - EPOCHS_PER_PUBLISH + 1 };
  };

  const heartbeat: LiveStore['heartbeat'] = async ({ streamId, owner, leaseUntilMs, health, signal }) => {
    const renewal: UpdateCommandInput = {
      ...itemOf(streamId),
      UpdateExpression: 'SET leaseUntilMs = :leaseUntilMs, health = :health',
      ConditionExpression: '#owner = :owner',
      ExpressionAttributeValues: { ':owner': owner, ':leaseUntilMs': leaseUntilMs, ':health': health },
    };
    if ((await updateIf(client, renewal, signal)) !== null) return { held: true };
    return { held: false, reason: await readEndReason(client, table, streamId, signal) };
  };

  const end: LiveStore['end'] = async ({ streamId, owner }) => {
    const ended = await updateIf(client, {
      ...itemOf(streamId),
      UpdateExpression: REMOVE_PUBLISH,
      ConditionExpression: '#owner = :owner',
      ExpressionAttributeValues: { ':owner': owner },
    });
    return ended !== null;
  };

  const requestEnd: LiveStore['requestEnd'] = async (request) => {
    const former = await updateIf(client, {
      ...itemOf(request.streamId),
      ...(request.reason === 'stopped' ? stopUpdate(request.owner) : lastingEndUpdate(request)),
      ReturnValues: 'ALL_OLD',
    });
    return former !== null && isOwned(former) && former.leaseUntilMs > request.nowMs;
  };

  const get: LiveStore['get'] = async (streamId) => {
    const { Item } = await client.send(new GetCommand({ TableName: table, Key: { streamId }, ConsistentRead: true }));
    return isOwned(Item) ? Item : null;
  };

  const batchGet: LiveStore['batchGet'] = async (streamIds) => {
    const items = await readItems(client, table, streamIds);
    return new Map(items.filter(isOwned).map((item) => [item.streamId, item]));
  };

  return { begin, heartbeat, end, requestEnd, get, batchGet };
}

type Item = Record<string, unknown>;

/** The one check of what is read back: an item without an owner only counts epochs. */
const isOwned = (item: Item | undefined): item is Item & LiveRecord => item !== undefined && 'owner' in item;

const REMOVE_PUBLISH = 'REMOVE #owner, startedAt, leaseUntilMs, health';

function stopUpdate(owner?: string) {
  return {
    UpdateExpression: `${REMOVE_PUBLISH} SET endReason = :reason`,
    ConditionExpression: owner === undefined ? 'attribute_exists(#owner)' : '#owner = :owner',
    ExpressionAttributeValues: { ':reason': 'stopped', ...(owner === undefined ? {} : { ':owner': owner }) },
  };
}

/** Written whether or not somebody publishes, since who was allowed may be about to begin; never by a repeated or late request. */
function lastingEndUpdate({ reason, minVersion, nowMs }: Exclude<EndRequest, { reason: 'stopped' }>) {
  const isDeleted = reason === 'deleted';
  const expiry = isDeleted ? ', expiresAtSeconds = :expiresAtSeconds' : '';
  const expiresAtSeconds = Math.floor(nowMs / 1000) + DELETED_ITEM_SECONDS;
  return {
    UpdateExpression: `${REMOVE_PUBLISH} SET endReason = :reason, minVersion = :minVersion${expiry}`,
    ConditionExpression: 'attribute_not_exists(minVersion) OR minVersion < :minVersion',
    ExpressionAttributeValues: {
      ':reason': reason,
      ':minVersion': minVersion,
      ...(isDeleted ? { ':expiresAtSeconds': expiresAtSeconds } : {}),
    },
  };
}

/** Null while the stream has an owner, and where its last one gave it up. */
async function readEndReason(
  client: DynamoDBDocumentClient,
  table: string,
  streamId: string,
  signal?: AbortSignal,
): Promise<EndReason | null> {
  const read = new GetCommand({ TableName: table, Key: { streamId }, ConsistentRead: true });
  const { Item } = await client.send(read, signal === undefined ? {} : { abortSignal: signal });
  return isOwned(Item) ? null : ((Item?.endReason as EndReason | undefined) ?? null);
}

/** BatchGetItem may leave keys for another call when it is throttled or its answer grows too large. */
async function readItems(client: DynamoDBDocumentClient, table: string, streamIds: readonly string[]): Promise<Item[]> {
  const items: Item[] = [];
  let keys: Item[] = streamIds.map((streamId) => ({ streamId }));
  for (let attempt = 1; keys.length > 0; attempt += 1) {
    if (attempt > BATCH_GET_ATTEMPTS)
      throw new StoreUnavailableError(`DynamoDB left ${keys.length} live records unread`);
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
    );
    items.push(...(Responses?.[table] ?? []));
    keys = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return items;
}
