import type { IngestAuthRequest, IngestAuthResponse } from '#domain/ingest-auth.ts';
import { hashSecret, SECRET_PATTERN } from '#domain/stream-ids.ts';
import type { StreamStore } from '#runtime/stream-store.ts';
import { decide } from './decide.ts';

/** Decides about a publish. Rejects where that is impossible, which the encoder answers with `Rejected`: fail closed. */
export type Authorise = (request: IngestAuthRequest) => Promise<IngestAuthResponse>;

/** What the look-up of keys needs. */
export interface KeyAuthorityOptions {
  readonly streams: Pick<StreamStore, 'findByKeyHash'>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Decides by the control API's streams. */
export function createKeyAuthority({ streams, nowMs }: KeyAuthorityOptions): Authorise {
  return async (request) => {
    const { streamKey } = request;
    // What can't be a key costs no read.
    const stream = SECRET_PATTERN.test(streamKey) ? await streams.findByKeyHash(hashSecret(streamKey)) : null;
    return decide(stream, request, nowMs());
  };
}
