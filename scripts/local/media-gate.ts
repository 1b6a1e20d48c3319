import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { ViewerRequestEvent } from '#functions/viewer-token/edge-event.ts';
import type { EdgeFunction } from './edge-function.ts';
import type { OriginProxy } from './origin-proxy.ts';

export interface MediaGateOptions {
  /** The viewer-token function. */
  readonly edgeFunction: EdgeFunction;
  readonly origin: Pick<OriginProxy, 'pass'>;
  readonly log: Logger;
}

/** Answers requests for playlists and media like CloudFront. Never rejects. */
export type MediaGate = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Creates a gate that runs the edge function on each request and passes accepted ones to the origin. */
export function createMediaGate({ edgeFunction, origin, log }: MediaGateOptions): MediaGate {
  return async (request, response) => {
    const [path = '/', query] = splitOnce(request.url ?? '/');
    try {
      const result = await edgeFunction(toViewerRequest(request, path, query ?? ''));
      if ('statusCode' in result) {
        const headers = Object.entries(result.headers).map(([name, { value }]) => [name, value] as const);
        response.writeHead(result.statusCode, Object.fromEntries(headers)).end(result.body.data);
      } else {
        request.url = query === undefined ? result.uri : `${result.uri}?${query}`;
        origin.pass(request, response);
      }
    } catch (error) {
      // CloudFront also answers 503 if a function fails.
      log.error({ err: error }, 'the viewer-token function failed');
      response.writeHead(503).end();
    }
  };
}

function splitOnce(url: string): [path: string, query?: string] {
  const at = url.indexOf('?');
  return at === -1 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}

/** The event of a CloudFront Function. */
export function toViewerRequest(request: IncomingMessage, uri: string, query: string): ViewerRequestEvent {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, { value: String(value) }]);
  const parameters = [...new URLSearchParams(query)].map(([name, value]) => [name, { value }]);
  return {
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: request.socket.remoteAddress ?? '' },
    request: {
      method: request.method ?? 'GET',
      uri,
      querystring: Object.fromEntries(parameters),
      headers: Object.fromEntries(headers),
      cookies: {},
    },
  };
}
