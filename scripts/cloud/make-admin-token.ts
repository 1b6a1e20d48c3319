import { UNLIMITED_TOKEN } from '#domain/admin-tokens.ts';
import { generateSecret, hashSecret, type RandomBytes, secretId } from '#domain/stream-ids.ts';
import type { AdminTokenStore } from '#runtime/admin-token-store.ts';
import type { WantedToken } from './cdk-command-line.ts';

export interface AdminTokenOptions {
  readonly store: Pick<AdminTokenStore, 'list' | 'put'>;
  readonly wanted: WantedToken;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
}

/**
 * Makes the wanted admin token and stores its hash. Resolves to null if none is made. Two simultaneous deployments may
 * make one each; both are valid. Rejects with the SDK's error.
 */
export async function makeAdminToken({ store, wanted, now, randomBytes }: AdminTokenOptions): Promise<string | null> {
  if (wanted === 'none') return null;
  const isFirst = (await store.list({ limit: 1, afterId: null })).tokens.length === 0;
  if (wanted === 'first' && !isFirst) return null;
  const token = generateSecret(randomBytes);
  const tokenHash = hashSecret(token);
  await store.put({
    id: secretId(tokenHash),
    name: isFirst ? 'first' : 'made by deploy',
    tokenHash,
    ...UNLIMITED_TOKEN,
    createdAt: new Date(now()).toISOString(),
  });
  return token;
}
