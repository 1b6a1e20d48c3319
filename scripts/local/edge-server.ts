import { createServer } from 'node:http';
import { SECURITY_HEADERS } from '#domain/site-headers.ts';
import type { EventFeed } from './event-feed.ts';
import type { HttpApi } from './http-api.ts';
import { type ListenAddress, type ListeningServer, startListening } from './http-server.ts';
import type { MediaGate } from './media-gate.ts';
import { isOwnHost, type OwnHosts, ownHosts } from './own-hosts.ts';
import type { SiteFiles } from './site-files.ts';

export interface EdgeServerOptions {
  readonly address: ListenAddress;
  readonly api: HttpApi;
  readonly events: Pick<EventFeed, 'serve'>;
  readonly media: MediaGate;
  readonly site: Pick<SiteFiles, 'serve'>;
  /** Where `/` redirects. */
  readonly homePath: () => string;
  /** The server's address from the point of view of viewers and API clients. */
  readonly playbackBaseUrl: string;
}

const OTHER_HOST = 'This is a Headend of another name.\n';

/**
 * Starts the only server that viewers and API clients talk to, like CloudFront in AWS. Like CloudFront, it answers to its
 * own names only. Rejects if it cannot listen.
 */
export async function startEdgeServer({
  address,
  api,
  events,
  media,
  site,
  homePath,
  playbackBaseUrl,
}: EdgeServerOptions): Promise<ListeningServer> {
  let hosts: OwnHosts = new Set();
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (!isOwnHost(hosts, request.headers.host)) {
      return void response.writeHead(421, { 'content-type': 'text/plain' }).end(OTHER_HOST);
    }
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path.startsWith('/live/') || path.startsWith('/t/')) return void media(request, response);
    if (path === '/api/events') return void events.serve(request, response);
    if (path === '/api' || path.startsWith('/api/')) return void api(request, response);
    if (path === '/') return void response.writeHead(302, { location: homePath() }).end();
    if (!site.serve(path, response)) response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
  });
  const listening = await startListening(server, address);
  hosts = ownHosts(Number(new URL(listening.url).port), playbackBaseUrl);
  return listening;
}
