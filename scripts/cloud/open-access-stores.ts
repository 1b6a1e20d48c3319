import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type AdminTokenStore, createAdminTokenStore } from '#runtime/admin-token-store.ts';
import { createSessionStore, type SessionStore } from '#runtime/session-store.ts';
import type { DeploymentOutputs } from './deployment-outputs.ts';

/** A deployment's tables of those who may call the API. A profile of null leaves the choice to the SDK. */
export interface AccessTables extends Pick<DeploymentOutputs, 'adminTokensTable' | 'sessionsTable' | 'region'> {
  readonly profile: string | null;
}

/** The stores of these tables. `close` releases their connections. */
export interface AccessStores {
  readonly tokens: AdminTokenStore;
  /** Null without the table. */
  readonly sessions: SessionStore | null;
  close(): void;
}

/** Opens the stores with the user's AWS credentials. */
export function openAccessStores({ adminTokensTable, sessionsTable, region, profile }: AccessTables): AccessStores {
  const client = new DynamoDBClient({
    region,
    ...(profile === null ? {} : { profile }),
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  const documents = DynamoDBDocumentClient.from(client);
  return {
    tokens: createAdminTokenStore({ client: documents, tables: { ADMIN_TOKENS_TABLE: adminTokensTable } }),
    sessions:
      sessionsTable === null
        ? null
        : createSessionStore({ client: documents, tables: { SESSIONS_TABLE: sessionsTable } }),
    close: () => client.destroy(),
  };
}
