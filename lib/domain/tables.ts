import type { VariableName } from './environment.ts';

/** A DynamoDB table. Its keys are of type string. */
export interface TableDefinition {
  /** The environment variable that carries the table's name. */
  readonly nameVariable: VariableName;
  readonly partitionKey: string;
  readonly sortKey: string | null;
  /**
   * Attribute with the time, in seconds since 1970, at which an item expires. DynamoDB deletes it a few days later at
   * worst.
   */
  readonly timeToLiveAttribute: string | null;
  /** Missing if the table has none. */
  readonly index?: TableIndex;
}

/** A global secondary index. Who reads it sees the attributes that are named here, and the table's key. */
export interface TableIndex {
  readonly name: string;
  readonly partitionKey: string;
  readonly attributes: readonly string[];
}

/**
 * The tables. They are separate so that each process has access only to what it needs: the encoder sees no stream key,
 * and the ingest-auth function changes nothing. Keys have a table, not an index of the streams table, because reads of
 * an index are eventually consistent, and a key must work the moment its owner sees it. Streams have an index by playback id, which
 * tells viewers what a stream is called. It has no hash of a key, so the encoder may read it.
 */
export const TABLES = [
  {
    nameVariable: 'STREAMS_TABLE',
    partitionKey: 'id',
    sortKey: null,
    timeToLiveAttribute: null,
    index: { name: 'by-playback-id', partitionKey: 'playbackId', attributes: ['title', 'deletedAt'] },
  },
  { nameVariable: 'STREAM_KEYS_TABLE', partitionKey: 'keyHash', sortKey: null, timeToLiveAttribute: null },
  { nameVariable: 'LIVE_TABLE', partitionKey: 'streamId', sortKey: null, timeToLiveAttribute: 'expiresAtSeconds' },
  { nameVariable: 'TASKS_TABLE', partitionKey: 'taskId', sortKey: null, timeToLiveAttribute: 'expiresAtSeconds' },
  { nameVariable: 'ADMIN_TOKENS_TABLE', partitionKey: 'id', sortKey: null, timeToLiveAttribute: null },
  // Sessions and the invitations to them, each a partition. Whoever lists one does not read the other.
  { nameVariable: 'SESSIONS_TABLE', partitionKey: 'kind', sortKey: 'id', timeToLiveAttribute: 'expiresAtSeconds' },
  {
    nameVariable: 'IDEMPOTENCY_TABLE',
    partitionKey: 'requestKey',
    sortKey: null,
    timeToLiveAttribute: 'expiresAtSeconds',
  },
  { nameVariable: 'PURGES_TABLE', partitionKey: 'purgeId', sortKey: null, timeToLiveAttribute: 'expiresAtSeconds' },
  // One partition for each day, so that the newest entries are found without an index.
  { nameVariable: 'AUDIT_TABLE', partitionKey: 'day', sortKey: 'position', timeToLiveAttribute: 'expiresAtSeconds' },
  // The timelines of streams.
  {
    nameVariable: 'EVENTS_TABLE',
    partitionKey: 'streamId',
    sortKey: 'position',
    timeToLiveAttribute: 'expiresAtSeconds',
  },
] as const satisfies readonly TableDefinition[];

export type TableVariable = (typeof TABLES)[number]['nameVariable'];

/** The tables' names in one deployment. */
export type TableNames = Readonly<Record<TableVariable, string>>;

/** The index of a table. */
export function tableIndex(variable: TableVariable): TableIndex {
  const table: TableDefinition | undefined = TABLES.find(({ nameVariable }) => nameVariable === variable);
  if (table?.index === undefined) throw new Error(`There is no index of ${variable}`);
  return table.index;
}
