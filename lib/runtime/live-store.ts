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

/** How many epochs one publish may use. Each start of its FFmpeg process uses one. */
export const EPOCHS_PER_PUBLISH = 1_000;

/** How long a stream counts as live after its last heartbeat, in milliseconds. */
export const LEASE_DURATION_MS = 10_000;

/** BatchGetItem takes at most this many keys (DynamoDB API reference). */
export const BATCH_GET_LIMIT = 100;
const BATCH_GET_ATTEMPTS = 3;

/** How long a deleted stream refuses publishes that were allowed before. A publish begins within seconds. */
const DELETED_ITEM_SECONDS = 24 * 3600;

/**
 * Whether a heartbeat's owner still holds its stream. If not, `reason` says why somebody asked for the end. It is null
 * if another publisher took over.
 */
export type HeartbeatResult = { readonly held: true } | { readonly held: false; readonly reason: EndReason | null };

/**
 * A request to end the publish of a stream. A stop ends the current publish. A new key or a deletion also refuses
 * publishes that have not begun yet and were allowed by a version of the stream below `minVersion`.
 */
export type EndRequest = {
  readonly streamId: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
} & (
  | {
      readonly reason: 'stopped';
      /** Ends only this publisher's publish. @default whoever publishes */
      readonly owner?: string;
    }
  | { readonly reason: Exclude<EndReason, 'stopped'>; readonly minVersion: number }
);

/** Who encodes which stream, in DynamoDB. Reads are strongly consistent. Every method rejects with the SDK's error. */
export interface LiveStore {
  /**
   * Makes `owner` the stream's publisher, even if another one has it, and gives it the epochs `firstEpoch` and the next
   * 999. Resolves to null, and changes nothing, if the stream got a new key or was deleted since the publish was
   * allowed.
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
  /** Renews the lease, unless the stream now has another owner, or none. */
  heartbeat(beat: {
    readonly streamId: string;
    readonly owner: string;
    readonly leaseUntilMs: number;
    readonly health: StreamHealth | null;
    /** Aborts the call. @default never */
    readonly signal?: AbortSignal;
  }): Promise<HeartbeatResult>;
  /**
   * Takes the stream from its publisher, who learns about it from the next heartbeat. Resolves to false if nobody was
   * live.
   */
  requestEnd(request: EndRequest): Promise<boolean>;
  /** Releases the stream. Resolves to false if it now has another owner, or none. */
  end(publish: { readonly streamId: string; readonly owner: string }): Promise<boolean>;
  /** Resolves to null if nobody publishes. The lease of a record may have expired. */
  get(streamId: string): Promise<LiveRecord | null>;
  /** The records of those streams that somebody publishes, by stream id. Takes at most 100 ids. */
  batchGet(streamIds: readonly string[]): Promise<ReadonlyMap<string, LiveRecord>>;
}

/** What the store needs: a client and the name of its table. */
export interface LiveStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'LIVE_TABLE'>;
}

/** A LiveStore. A stream's item outlives its publishes, because it counts the epochs. Without an owner it is idle. */
export function createLiveStore({ client, tables }: LiveStoreOptions): LiveStore {
  const table = tables.LIVE_TABLE;
  /** `owner` is a reserved word in DynamoDB's expressions. */
  const itemOf = (streamId: string) => ({
    TableName: table,
    Key: { streamId },
    ExpressionAttributeNames: { '#owner': 'owner' },
  });

  const begin: LiveStore['begin'] = async ({ streamId, owner, version, startedAt, nowMs }) => {
    // The counter is incremented, never set. So repeating an update that had succeeded skips epochs but reuses none.
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

/** Whether an item is a live record. An item without an owner only counts epochs. */
const isOwned = (item: Item | undefined): item is Item & LiveRecord => item !== undefined && 'owner' in item;

const REMOVE_PUBLISH = 'REMOVE #owner, startedAt, leaseUntilMs, health';

function stopUpdate(owner?: string) {
  return {
    UpdateExpression: `${REMOVE_PUBLISH} SET endReason = :reason`,
    ConditionExpression: owner === undefined ? 'attribute_exists(#owner)' : '#owner = :owner',
    ExpressionAttributeValues: { ':reason': 'stopped', ...(owner === undefined ? {} : { ':owner': owner }) },
  };
}

/**
 * Applies even if nobody publishes, because a publish that was allowed may be about to begin. A repeated or late
 * request changes nothing.
 */
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

/** Null while the stream has an owner, and after an owner has released it. */
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

/** BatchGetItem leaves keys for another call if it is throttled or its answer grows too large. */
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
