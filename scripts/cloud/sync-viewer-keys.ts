import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { RandomBytes } from '#domain/stream-ids.ts';
import { createKeyValueStoreClient } from '#scripts/viewer-keys/edge-keys.ts';
import { syncViewerTokenKeys } from '#scripts/viewer-keys/sync-viewer-token-keys.ts';

/** A deployment's keys of viewer tokens, and the AWS profile that reaches them; null for the SDK's own choice. */
export interface DeployedViewerKeys {
  readonly secretArn: string;
  readonly storeArn: string;
  readonly region: string;
  readonly profile: string | null;
  readonly randomBytes: RandomBytes;
}

/** Gives the edge the keys that the secret holds, and makes the first one. Rejects with the SDK's error. */
export async function syncViewerKeys(deployed: DeployedViewerKeys): Promise<void> {
  const { secretArn, storeArn, region, profile, randomBytes } = deployed;
  const credentials = profile === null ? {} : { profile };
  const secrets = new SecretsManagerClient({ region, ...credentials });
  const keyValueStore = createKeyValueStoreClient(credentials);
  try {
    await syncViewerTokenKeys({ secrets, secretArn, keyValueStore, keyValueStoreArn: storeArn, randomBytes });
  } finally {
    secrets.destroy();
    keyValueStore.destroy();
  }
}
