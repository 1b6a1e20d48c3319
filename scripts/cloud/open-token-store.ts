import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type AdminTokenStore, createAdminTokenStore } from '#runtime/admin-token-store.ts';

/** A deployment's table of admin tokens. A profile of null leaves the choice to the SDK. */
export interface TokenTable {
  readonly tableName: string;
  readonly region: string;
  readonly profile: string | null;
}

/** Opens the store with the user's AWS credentials. `close` releases its connections. */
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
