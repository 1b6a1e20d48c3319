import { generateSecret, type RandomBytes } from '#domain/stream-ids.ts';
import { openSharedSecret, type SharedSecret, type SharedSecretOptions } from '#runtime/shared-secret.ts';
import type { SecretSource } from '#runtime/stored-secret.ts';

/** What tasks show to each other in the `authorization` header of internal requests. */
export interface ClusterCredential {
  /** The header for a request to another task. Rejects if the secret can't be read. */
  authorization(): Promise<string>;
  /** Whether a request comes from another task. False if the secret can't be read. Never rejects. */
  accepts(authorizationHeader: string | undefined): Promise<boolean>;
}

export interface ClusterCredentialOptions extends Omit<SharedSecretOptions, 'name'> {
  /** Null if the deployment has none. */
  readonly source: SecretSource<string> | null;
  readonly randomBytes: RandomBytes;
}

const SCHEME = 'Bearer ';

/** Opens the credential of this task. Without any secret, the task is alone, and its secret is known to nobody else. */
export async function openClusterCredential(options: ClusterCredentialOptions): Promise<ClusterCredential> {
  const { source, randomBytes, now, log } = options;
  const name = 'the secret of the cluster';
  return toCredential(await openSharedSecret(source ?? { value: generateSecret(randomBytes) }, { name, now, log }));
}

function toCredential(secret: SharedSecret): ClusterCredential {
  return {
    authorization: async () => `${SCHEME}${await secret.current()}`,
    accepts: async (header) => header?.startsWith(SCHEME) === true && secret.accepts(header.slice(SCHEME.length)),
  };
}
