import type { CloudFrontKeyValueStoreClient } from '@aws-sdk/client-cloudfront-keyvaluestore';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { RandomBytes } from '#domain/stream-ids.ts';
import { nextViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { EdgeKeys } from './edge-keys.ts';
import { StoredKeys } from './stored-keys.ts';

/** The two places where a deployment keeps the keys of viewer tokens. */
export interface ViewerTokenKeyStores {
  /** In the region of the stack. */
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
  readonly secretArn: string;
  /** Made by `createKeyValueStoreClient`. */
  readonly keyValueStore: Pick<CloudFrontKeyValueStoreClient, 'send'>;
  readonly keyValueStoreArn: string;
  readonly randomBytes: RandomBytes;
}

/** The ids of the valid keys, and whether the edge had other keys before. */
export interface ViewerTokenKeysState {
  readonly current: string;
  readonly former: string | null;
  readonly wasChanged: boolean;
}

/**
 * Copies the keys from the secret to the edge after a deployment. If the secret has none, makes the first one. Changes
 * nothing if both already match. Rejects with the SDK's errors.
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
 * Makes a new key the current one. Tokens signed with the previous key stay valid; those signed with older keys do not.
 * Rotating once a day therefore breaks no link, and rotating twice in a row ends all links.
 */
export async function rotateViewerTokenKeys(stores: ViewerTokenKeyStores): Promise<ViewerTokenKeysState> {
  const stored = new StoredKeys(stores.secrets, stores.secretArn);
  const edge = new EdgeKeys(stores.keyValueStore, stores.keyValueStoreArn);
  const keys = nextViewerTokenKeys(await stored.read(), stores.randomBytes);
  // The edge comes first: no token may be signed with a key that the edge does not know. If the second write fails, the
  // new key has signed nothing, and the next sync removes it.
  const wasChanged = await edge.write(keys);
  await stored.write(keys);
  return { ...idsOf(keys), wasChanged };
}

const idsOf = ({ current, keys }: ReturnType<typeof nextViewerTokenKeys>) => ({
  current,
  former: Object.keys(keys).find((id) => id !== current) ?? null,
});
