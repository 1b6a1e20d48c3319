import { type CloudFrontKeyValueStoreClient, ConflictException } from '@aws-sdk/client-cloudfront-keyvaluestore';
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

/** Another client may change the edge's store between the look at it and the write. */
const ATTEMPTS = 3;

/**
 * Copies the keys from the secret to the edge after a deployment. If the secret has none, makes the first one. Changes
 * nothing if both already match. Rejects with the SDK's errors.
 */
export async function syncViewerTokenKeys(stores: ViewerTokenKeyStores): Promise<ViewerTokenKeysState> {
  const { stored, edge } = open(stores);
  for (let attempt = 1; ; attempt += 1) {
    // The edge is read first. So what is written there is never older than what somebody else has written meanwhile.
    const content = await edge.read();
    const known = await stored.read();
    const keys = known ?? nextViewerTokenKeys(null, stores.randomBytes);
    try {
      const wasChanged = content.text !== JSON.stringify(keys);
      if (wasChanged) await edge.write(keys, content);
      if (known === null) await stored.write(keys);
      return { ...idsOf(keys), wasChanged };
    } catch (error) {
      if (!(error instanceof ConflictException) || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Makes a new key the current one. Tokens signed with the previous key stay valid; those signed with older keys do not.
 * Rotating once a day therefore breaks no link, and rotating twice in a row ends all links. Of two rotations at once,
 * one rejects and leaves nothing behind.
 */
export async function rotateViewerTokenKeys(stores: ViewerTokenKeyStores): Promise<ViewerTokenKeysState> {
  const { stored, edge } = open(stores);
  const content = await edge.read();
  const known = await stored.read();
  if (content.text !== null && content.text !== JSON.stringify(known)) {
    throw new Error(
      'The edge has other keys than the secret. A rotation is under way or was interrupted: run sync first.',
    );
  }
  const keys = nextViewerTokenKeys(known, stores.randomBytes);
  // The edge comes first: no token may be signed with a key that the edge does not know. If the second write fails, the
  // new key has signed nothing, and the next sync removes it.
  await edge.write(keys, content).catch((cause: unknown) => {
    if (!(cause instanceof ConflictException)) throw cause;
    throw new Error('Another rotation or sync has changed the keys at the same time. Nothing was rotated.', { cause });
  });
  await stored.write(keys);
  // A sync that began before may just have copied the former keys.
  return { ...(await syncViewerTokenKeys(stores)), wasChanged: true };
}

const open = (stores: ViewerTokenKeyStores) => ({
  stored: new StoredKeys(stores.secrets, stores.secretArn),
  edge: new EdgeKeys(stores.keyValueStore, stores.keyValueStoreArn),
});

const idsOf = ({ current, keys }: ReturnType<typeof nextViewerTokenKeys>) => ({
  current,
  former: Object.keys(keys).find((id) => id !== current) ?? null,
});
