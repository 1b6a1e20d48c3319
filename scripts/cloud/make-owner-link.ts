import { invitePath, newInvite } from '#domain/sessions.ts';
import { generateSecret, hashSecret, type RandomBytes } from '#domain/stream-ids.ts';
import type { SessionStore } from '#runtime/session-store.ts';

export interface OwnerLinkOptions {
  readonly store: Pick<SessionStore, 'putInvite'>;
  /** Where viewers come in, without a trailing slash. */
  readonly playbackBaseUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
}

/** Makes a link that signs the owner of a new stage in at the studio, once, and stores its hash. Rejects with the SDK's error. */
export async function makeOwnerLink({ store, playbackBaseUrl, now, randomBytes }: OwnerLinkOptions): Promise<string> {
  const secret = generateSecret(randomBytes);
  await store.putInvite(newInvite({ name: 'Owner', role: 'owner' }, hashSecret(secret), now()));
  return `${playbackBaseUrl}${invitePath(secret)}`;
}
