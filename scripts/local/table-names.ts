import type { TableNames } from '#domain/tables.ts';

/** How the tables are called in a DynamoDB that holds one Headend alone. */
export const LOCAL_TABLE_NAMES: TableNames = {
  STREAMS_TABLE: 'streams',
  STREAM_KEYS_TABLE: 'stream-keys',
  LIVE_TABLE: 'live',
  ADMIN_TOKENS_TABLE: 'admin-tokens',
  IDEMPOTENCY_TABLE: 'idempotency',
};
