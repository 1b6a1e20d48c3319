import type { Logger } from 'pino';
import type { Authorise, IngestAuthRequest, IngestAuthResponse } from '#domain/ingest-auth.ts';

/** What the function needs: who decides, and a log. */
export interface IngestAuthDependencies {
  readonly authorise: Authorise;
  readonly log: Logger;
}

/** The Lambda handler. If the decision fails, it rejects. The encoder then fails closed: it answers with `Rejected`. */
export function createHandler({ authorise, log }: IngestAuthDependencies) {
  return async (event: unknown): Promise<IngestAuthResponse> => {
    const request = toRequest(event);
    if (request === null) {
      log.error('malformed event refused');
      return { allow: false, code: 'NetStream.Publish.Rejected', description: 'The stream key could not be checked.' };
    }
    const { sourceAddress } = request;
    const decision = await authorise(request);
    if (decision.allow) log.info({ sourceAddress, streamId: decision.stream.streamId }, 'publish allowed');
    else log.warn({ sourceAddress, code: decision.code, reason: decision.description }, 'publish refused');
    return decision;
  };
}

/** Null if the event is malformed. Drops all other fields. */
function toRequest(event: unknown): IngestAuthRequest | null {
  if (typeof event !== 'object' || event === null) return null;
  const { streamKey, sourceAddress } = event as Partial<Record<keyof IngestAuthRequest, unknown>>;
  if (typeof streamKey !== 'string' || typeof sourceAddress !== 'string') return null;
  return { streamKey, sourceAddress };
}
