import { createServer } from 'node:http';
import type { EventFeed } from './event-feed.ts';
import type { HttpApi } from './http-api.ts';
import { type ListenAddress, type ListeningServer, startListening } from './listening-server.ts';
import type { MediaGate } from './media-gate.ts';
import type { SiteFiles } from './site-files.ts';

export interface EdgeOptions {
  readonly address: ListenAddress;
  readonly api: HttpApi;
  readonly events: Pick<EventFeed, 'serve'>;
  readonly media: MediaGate;
  readonly site: Pick<SiteFiles, 'serve'>;
  /** Where a visitor of `/` is sent. */
  readonly homePath: () => string;
}

/**
 * Starts the one address that viewers and API clients know: what CloudFront is in the cloud. Rejects where it can't
 * be taken.
 */
export function startEdge({ address, api, events, media, site, homePath }: EdgeOptions): Promise<ListeningServer> {
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
