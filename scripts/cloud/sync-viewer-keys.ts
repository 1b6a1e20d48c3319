import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { RandomBytes } from '#domain/stream-ids.ts';
import { createKeyValueStoreClient } from '#scripts/viewer-keys/edge-keys.ts';
import { syncViewerTokenKeys } from '#scripts/viewer-keys/sync-viewer-token-keys.ts';

/** Where a deployment keeps the keys of viewer tokens. A profile of null leaves the choice to the SDK. */
export interface DeployedViewerKeys {
  readonly secretArn: string;
  readonly storeArn: string;
  readonly region: string;
  readonly profile: string | null;
  readonly randomBytes: RandomBytes;
}

/** Copies the keys from the secret to the edge, and makes the first one. Rejects with the SDK's error. */
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
