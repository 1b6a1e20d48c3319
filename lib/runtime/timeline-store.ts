import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { TimelineEvent } from '#domain/events.ts';
import type { TableNames } from '#domain/tables.ts';
import { eventPosition, momentOfPosition } from './event-position.ts';

/** How long events are kept and listed. */
export const TIMELINE_RETENTION_DAYS = 30;
const RETENTION_SECONDS = TIMELINE_RETENTION_DAYS * 24 * 60 * 60;

/** A page of a stream's timeline, the newest event first. `nextPosition` is null on the last page. */
export interface TimelinePage {
  readonly events: readonly TimelineEvent[];
  readonly nextPosition: string | null;
}

/** The timelines of streams in DynamoDB. Every method rejects with the SDK's error. */
export interface TimelineStore {
  /** Gives up when `signal` aborts. */
  add(event: TimelineEvent, signal?: AbortSignal): Promise<void>;
  list(page: {
    readonly streamId: string;
    /** At least 1. */
    readonly limit: number;
    /** The `nextPosition` of the page before. Null for the first page. */
    readonly position: string | null;
    /** Milliseconds since 1970. */
    readonly nowMs: number;
  }): Promise<TimelinePage>;
}

/** What the store needs: a client and the name of its table. */
export interface TimelineStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'EVENTS_TABLE'>;
}

/** A TimelineStore. Each stream is a partition. DynamoDB deletes old events by itself, some days late. */
export function createTimelineStore({ client, tables }: TimelineStoreOptions): TimelineStore {
  const TableName = tables.EVENTS_TABLE;

  const add: TimelineStore['add'] = async (event, signal) => {
    const atMs = Date.parse(event.time);
    const expiresAtSeconds = Math.ceil(atMs / 1000) + RETENTION_SECONDS;
    const Item: StoredEvent = { ...event, position: eventPosition(atMs, event.id), expiresAtSeconds };
    await client.send(new PutCommand({ TableName, Item }), signal && { abortSignal: signal });
  };

  const list: TimelineStore['list'] = async ({ streamId, limit, position, nowMs }) => {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'streamId = :streamId',
        ExpressionAttributeValues: { ':streamId': streamId },
        ...(position !== null && { ExclusiveStartKey: { streamId, position } }),
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: limit,
      }),
    );
    const isKept = (at: string): boolean => momentOfPosition(at) >= nowMs - RETENTION_SECONDS * 1000;
    const kept = (Items as StoredEvent[]).filter((item) => isKept(item.position));
    const next: string | undefined = LastEvaluatedKey?.position;
    return { events: kept.map(toEvent), nextPosition: next !== undefined && isKept(next) ? next : null };
  };

  return { add, list };
}

/** An event as it is stored. */
type StoredEvent = TimelineEvent & { readonly position: string; readonly expiresAtSeconds: number };

const toEvent = ({ position: _position, expiresAtSeconds: _expiry, ...event }: StoredEvent): TimelineEvent => event;
