import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';

/** Returns the headers that go to the client instead of those that came. */
export type ChangeHeaders = (headers: IncomingHttpHeaders, path: string) => IncomingHttpHeaders;

/** Starts an HTTP proxy that passes everything on, with other headers of the answers. */
export function startChangingProxy(targetUrl: string, change: ChangeHeaders): Promise<ListeningServer> {
  return listenOnLoopback(
    createServer((request, response) => {
      const { url: path = '/', method, headers } = request;
      const { host: _proxy, ...own } = headers;
      const upstream = httpRequest(`${targetUrl}${path}`, { method, headers: own }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, change(answer.headers, path));
        answer.pipe(response);
      });
      upstream.once('error', () => response.destroy());
      response.once('close', () => upstream.destroy());
      request.pipe(upstream);
    }),
  );
}
