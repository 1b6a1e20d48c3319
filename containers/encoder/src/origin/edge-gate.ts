import { needsViewerToken } from '#domain/playback-ids.ts';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';
import type { OriginRequest } from './origin-handler.ts';
import { errorResponse } from './origin-response.ts';
import type { OriginServerOptions } from './origin-server.ts';
import { parseRequestTarget, type StreamTarget } from './request-target.ts';

/** Whether a header's value is the edge's secret. Null if the deployment has none: then nothing is. */
export type AcceptsEdgeSecret = ((value: string | undefined) => Promise<boolean>) | null;

/** No lifetime: CloudFront caches a 403 only if the origin gives one. */
const REFUSED = errorResponse(403, 'this is at the address for viewers only');

/**
 * Refuses requests for protected streams, and for the health of any, that do not come from the edge, which has checked the token.
 * All else of public streams, and the health check, are for everybody who reaches the task.
 */
export function createEdgeGate(
  accepts: AcceptsEdgeSecret,
): (answer: OriginServerOptions['handle']) => OriginServerOptions['handle'] {
  return (answer) => async (request) => {
    const target = parseRequestTarget(request.url);
    const isProtected = target !== undefined && target.kind !== 'health' && needsToken(target);
    return isProtected && !(await isFromEdge(request, accepts)) ? REFUSED : answer(request);
  };
}

const needsToken = ({ kind, playbackId }: StreamTarget): boolean =>
  kind === 'stream-health' || needsViewerToken(playbackId);

async function isFromEdge({ headers }: OriginRequest, accepts: AcceptsEdgeSecret): Promise<boolean> {
  const value = headers[EDGE_SECRET_HEADER];
  return accepts !== null && typeof value === 'string' && accepts(value);
}
