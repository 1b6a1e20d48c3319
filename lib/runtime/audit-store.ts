import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { AuditEntry } from '#domain/events.ts';
import type { TableNames } from '#domain/tables.ts';
import { eventPosition, momentOfPosition } from './event-position.ts';

/** How long entries are kept and listed. */
export const AUDIT_RETENTION_DAYS = 90;
/** One page makes at most this many reads, each of one day, so that a quiet quarter of a year is not read at once. */
const READS_PER_PAGE = 31;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The last id there could be. */
const LAST_ID = 'z'.repeat(16);

/** A page of the audit trail, the newest entry first. It may be empty. `nextPosition` is null on the last page. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  readonly nextPosition: string | null;
}

/** The audit trail in DynamoDB. Every method rejects with the SDK's error. */
export interface AuditStore {
  add(entry: AuditEntry): Promise<void>;
  list(page: {
    /** At least 1. */
    readonly limit: number;
    /** The `nextPosition` of the page before. Null for the first page. */
    readonly position: string | null;
    /** Milliseconds since 1970. */
    readonly nowMs: number;
  }): Promise<AuditPage>;
}

/** What the store needs: a client and the name of its table. */
export interface AuditStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'AUDIT_TABLE'>;
}

/** An AuditStore. Each day (UTC) is a partition. */
export function createAuditStore({ client, tables }: AuditStoreOptions): AuditStore {
  const TableName = tables.AUDIT_TABLE;

  const add: AuditStore['add'] = async (entry) => {
    const atMs = Date.parse(entry.time);
    const expiresAtSeconds = Math.ceil(atMs / 1000) + AUDIT_RETENTION_DAYS * (DAY_MS / 1000);
    const Item = { ...entry, day: dayOf(atMs), position: eventPosition(atMs, entry.id), expiresAtSeconds };
    await client.send(new PutCommand({ TableName, Item }));
  };

  /** Up to `limit` entries of one day before a position, and the position after them. */
  async function readDay(position: string, limit: number) {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: '#day = :day AND #position < :position',
        ExpressionAttributeNames: { '#day': 'day', '#position': 'position' },
        ExpressionAttributeValues: { ':day': dayOf(momentOfPosition(position)), ':position': position },
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: limit,
      }),
    );
    const next =
      LastEvaluatedKey === undefined ? endOfDay(momentOfPosition(position) - DAY_MS) : LastEvaluatedKey.position;
    return { items: Items as AuditItem[], next: next as string };
  }

  const list: AuditStore['list'] = async ({ limit, position: given, nowMs }) => {
    const newest = endOfDay(nowMs);
    let position = given === null || given > newest ? newest : given;
    const items: AuditItem[] = [];
    for (let reads = 0; reads < READS_PER_PAGE && items.length < limit; reads += 1) {
      if (momentOfPosition(position) < nowMs - AUDIT_RETENTION_DAYS * DAY_MS)
        return { entries: toEntries(items), nextPosition: null };
      const { items: read, next } = await readDay(position, limit - items.length);
      items.push(...read);
      position = next;
    }
    return { entries: toEntries(items), nextPosition: position };
  };

  return { add, list };
}

/** An entry as it is stored. */
type AuditItem = AuditEntry & { readonly day: string; readonly position: string; readonly expiresAtSeconds: number };

const toEntries = (items: readonly AuditItem[]): AuditEntry[] =>
  items.map(({ day: _day, position: _position, expiresAtSeconds: _expiry, ...entry }) => entry);

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
/** The position after all entries of a day. */
const endOfDay = (atMs: number): string => eventPosition((Math.floor(atMs / DAY_MS) + 1) * DAY_MS - 1, LAST_ID);
