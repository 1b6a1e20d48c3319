import type { VariableName } from './environment.ts';

/** A DynamoDB table. Its only key is a partition key of type string. */
export interface TableDefinition {
  /** The environment variable that carries the table's name. */
  readonly nameVariable: VariableName;
  readonly partitionKey: string;
  /** Attribute with the time in seconds since 1970 at which DynamoDB deletes an item, a few days late at worst. */
  readonly timeToLiveAttribute: string | null;
}

/**
 * The tables. They are apart so that each process is granted only its own: an encoder task sees no stream key, the
 * ingest-auth function changes nothing. Keys have a table rather than an index of streams because index reads are
 * eventually consistent, and a key must work the moment its owner sees it.
 */
export const TABLES = [
  { nameVariable: 'STREAMS_TABLE', partitionKey: 'id', timeToLiveAttribute: null },
  { nameVariable: 'STREAM_KEYS_TABLE', partitionKey: 'keyHash', timeToLiveAttribute: null },
  { nameVariable: 'LIVE_TABLE', partitionKey: 'streamId', timeToLiveAttribute: 'expiresAtSeconds' },
  { nameVariable: 'ADMIN_TOKENS_TABLE', partitionKey: 'id', timeToLiveAttribute: null },
  { nameVariable: 'IDEMPOTENCY_TABLE', partitionKey: 'requestKey', timeToLiveAttribute: 'expiresAtSeconds' },
] as const satisfies readonly TableDefinition[];

export type TableVariable = (typeof TABLES)[number]['nameVariable'];

/** The tables' names in one deployment. */
export type TableNames = Readonly<Record<TableVariable, string>>;
