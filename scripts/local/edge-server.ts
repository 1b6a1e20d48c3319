import { createServer } from 'node:http';
import type { EventFeed } from './event-feed.ts';
import type { HttpApi } from './http-api.ts';
import { type ListenAddress, type ListeningServer, startListening } from './http-server.ts';
import type { MediaGate } from './media-gate.ts';
import type { SiteFiles } from './site-files.ts';

export interface EdgeServerOptions {
  readonly address: ListenAddress;
  readonly api: HttpApi;
  readonly events: Pick<EventFeed, 'serve'>;
  readonly media: MediaGate;
  readonly site: Pick<SiteFiles, 'serve'>;
  /** Where `/` redirects. */
  readonly homePath: () => string;
}

/** Starts the only server that viewers and API clients talk to, like CloudFront in AWS. Rejects if it cannot listen. */
export function startEdgeServer({
  address,
  api,
  events,
  media,
  site,
  homePath,
}: EdgeServerOptions): Promise<ListeningServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path.startsWith('/live/') || path.startsWith('/t/')) return void media(request, response);
    if (path === '/api/events') return void events.serve(request, response);
    if (path === '/api' || path.startsWith('/api/')) return void api(request, response);
    if (path === '/') return void response.writeHead(302, { location: homePath() }).end();
    if (!site.serve(path, response)) response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
  });
  return startListening(server, address);
}
