import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type AdminTokenStore, createAdminTokenStore } from '#runtime/admin-token-store.ts';

/** A deployment's table of admin tokens, and the AWS profile that reaches it; null for the SDK's own choice. */
export interface TokenTable {
  readonly tableName: string;
  readonly region: string;
  readonly profile: string | null;
}

/** The store on that table with the AWS credentials of the person at the keyboard. `close` releases its connections. */
export function openTokenStore({ tableName, region, profile }: TokenTable): {
  readonly store: AdminTokenStore;
  close(): void;
} {
  const client = new DynamoDBClient({
    region,
    ...(profile === null ? {} : { profile }),
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  const tables = { ADMIN_TOKENS_TABLE: tableName };
  return {
    store: createAdminTokenStore({ client: DynamoDBDocumentClient.from(client), tables }),
    close: () => client.destroy(),
  };
}
