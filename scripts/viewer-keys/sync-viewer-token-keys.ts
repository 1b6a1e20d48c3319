import type { CloudFrontKeyValueStoreClient } from '@aws-sdk/client-cloudfront-keyvaluestore';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { RandomBytes } from '#domain/stream-ids.ts';
import { nextViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { EdgeKeys } from './edge-keys.ts';
import { StoredKeys } from './stored-keys.ts';

/** Where a deployment keeps the keys of viewer tokens. */
export interface ViewerTokenKeyStores {
  /** Of the region of the stack. */
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
  readonly secretArn: string;
  /** Made by `createKeyValueStoreClient`. */
  readonly keyValueStore: Pick<CloudFrontKeyValueStoreClient, 'send'>;
  readonly keyValueStoreArn: string;
  readonly randomBytes: RandomBytes;
}

/** Which keys count now, by their ids, and whether the edge had others until now. */
export interface ViewerTokenKeysState {
  readonly current: string;
  readonly former: string | null;
  readonly wasChanged: boolean;
}

/**
 * After a deployment: sees to it that the secret holds keys, making the first one where there is none, and that the edge
 * has the same. Changes nothing where all is well. Rejects with the SDK's errors.
 */
export async function syncViewerTokenKeys(stores: ViewerTokenKeyStores): Promise<ViewerTokenKeysState> {
  const stored = new StoredKeys(stores.secrets, stores.secretArn);
  const edge = new EdgeKeys(stores.keyValueStore, stores.keyValueStoreArn);
  const known = await stored.read();
  const keys = known ?? nextViewerTokenKeys(null, stores.randomBytes);
  const wasChanged = await edge.write(keys);
  if (known === null) await stored.write(keys);
  return { ...idsOf(keys), wasChanged };
}

/**
 * Makes a new key the current one. Tokens of the one before stay good, those of the key before that don't: once a day
 * breaks no link, twice in a row ends all that were given out.
 */
export async function rotateViewerTokenKeys(stores: ViewerTokenKeyStores): Promise<ViewerTokenKeysState> {
  const stored = new StoredKeys(stores.secrets, stores.secretArn);
  const edge = new EdgeKeys(stores.keyValueStore, stores.keyValueStoreArn);
  const keys = nextViewerTokenKeys(await stored.read(), stores.randomBytes);
  // The edge first: nobody may sign with a key that it does not know yet. Should the second write fail, the new key has
  // signed nothing, and a sync takes it away again.
  const wasChanged = await edge.write(keys);
  await stored.write(keys);
  return { ...idsOf(keys), wasChanged };
}

const idsOf = ({ current, keys }: ReturnType<typeof nextViewerTokenKeys>) => ({
  current,
  former: Object.keys(keys).find((id) => id !== current) ?? null,
});
