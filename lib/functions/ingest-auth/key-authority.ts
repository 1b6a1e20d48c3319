import type { Authorise } from '#domain/ingest-auth.ts';
import { hashSecret, SECRET_PATTERN } from '#domain/stream-ids.ts';
import type { StreamStore } from '#runtime/stream-store.ts';
import { decide } from './decide.ts';

/** What the look-up of keys needs. */
export interface KeyAuthorityOptions {
  readonly streams: Pick<StreamStore, 'findByKeyHash'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Decides by looking the key up among the control API's streams. */
export function createKeyAuthority({ streams, now }: KeyAuthorityOptions): Authorise {
  return async (request) => {
    const { streamKey } = request;
    // A text that can't be a key is not worth a read.
    const stream = SECRET_PATTERN.test(streamKey) ? await streams.findByKeyHash(hashSecret(streamKey)) : null;
    return decide(stream, request, now());
  };
}
