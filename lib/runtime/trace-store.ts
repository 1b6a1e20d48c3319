import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { TableNames } from '#domain/tables.ts';
import type { StreamTrace, TracedTags } from '#domain/traces.ts';
import { updateIf } from './conditional-writes.ts';

const compress = promisify(deflate);
const decompress = promisify(inflate);

/** How long a trace can be read. */
const KEPT_SECONDS = 24 * 3600;
/** An item has at most 400 KB (DynamoDB, "Quotas"). */
const MAX_BYTES = 300_000;

/** A trace that was stored. */
export interface StoredTrace {
  readonly trace: StreamTrace;
  /** The request that it answers, in milliseconds since 1970. Null if it was stored because a publish ended. */
  readonly requestedAtMs: number | null;
}

/** The latest trace of each stream. Every method rejects with the SDK's error. */
export interface TraceStore {
  /** Stores a trace, unless there is a newer one or the stream was deleted. */
  put(stored: StoredTrace): Promise<void>;
  /** Null if there is none, or if it is older than a day. */
  get(streamId: string, nowMs: number): Promise<StoredTrace | null>;
  /** Removes a deleted stream's trace, and keeps tasks from storing another one. */
  remove(streamId: string, nowMs: number): Promise<void>;
}

/** What the store needs: a client and the name of its table. */
export interface TraceStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'LIVE_TABLE'>;
}

/**
 * A TraceStore. The traces are in the table of live streams, which the tasks and the control API may write already. DynamoDB deletes
 * old ones by itself.
 */
export function createTraceStore({ client, tables }: TraceStoreOptions): TraceStore {
  const itemOf = (streamId: string) => ({ TableName: tables.LIVE_TABLE, Key: { streamId: `trace/${streamId}` } });

  const put: TraceStore['put'] = async ({ trace, requestedAtMs }) => {
    const recordedAtMs = Date.parse(trace.recordedAt);
    await updateIf(client, {
      ...itemOf(trace.streamId),
      UpdateExpression:
        'SET trace = :trace, recordedAtMs = :recordedAtMs, requestedAtMs = :requestedAtMs, expiresAtSeconds = :expiry',
      ConditionExpression:
        'attribute_not_exists(deletedAtMs) AND (attribute_not_exists(recordedAtMs) OR recordedAtMs <= :recordedAtMs)',
      ExpressionAttributeValues: {
        ':trace': await toBytes(trace),
        ':recordedAtMs': recordedAtMs,
        ':requestedAtMs': requestedAtMs,
        ':expiry': expiryAfter(recordedAtMs),
      },
    });
  };

  const get: TraceStore['get'] = async (streamId, nowMs) => {
    const { Item } = await client.send(new GetCommand({ ...itemOf(streamId), ConsistentRead: true }));
    if (Item?.trace === undefined || Item.expiresAtSeconds * 1000 <= nowMs) return null;
    const trace = JSON.parse((await decompress(Item.trace)).toString()) as StreamTrace;
    return { trace, requestedAtMs: Item.requestedAtMs };
  };

  const remove: TraceStore['remove'] = async (streamId, nowMs) => {
    await updateIf(client, {
      ...itemOf(streamId),
      UpdateExpression:
        'SET deletedAtMs = :nowMs, expiresAtSeconds = :expiry REMOVE trace, recordedAtMs, requestedAtMs',
      ExpressionAttributeValues: { ':nowMs': nowMs, ':expiry': expiryAfter(nowMs) },
    });
  };

  return { put, get, remove };
}

const expiryAfter = (ms: number): number => Math.floor(ms / 1000) + KEPT_SECONDS;

/** Leaves the oldest tags out if there are too many for an item. */
async function toBytes(trace: StreamTrace): Promise<Buffer> {
  const bytes = await compress(JSON.stringify(trace));
  const count = trace.tags.kind.length;
  if (bytes.length <= MAX_BYTES || count === 0) return bytes;
  return toBytes({ ...trace, tags: latest(trace.tags, Math.floor(count / 2)) });
}

function latest({ receivedAtMs, timestampMs, bytes, kind }: TracedTags, count: number): TracedTags {
  const from = kind.length - count;
  return {
    receivedAtMs: receivedAtMs.slice(from),
    timestampMs: timestampMs.slice(from),
    bytes: bytes.slice(from),
    kind: kind.slice(from),
  };
}
