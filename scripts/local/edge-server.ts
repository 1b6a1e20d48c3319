import { createServer, type RequestListener } from 'node:http';
import { SECURITY_HEADERS } from '#domain/site-headers.ts';
import { OEMBED_PATH } from '#domain/watch-pages.ts';
import type { EventFeed } from './event-feed.ts';
import type { HttpApi } from './http-api.ts';
import { type ListenAddress, type ListeningServer, startListening } from './http-server.ts';
import type { MediaGate } from './media-gate.ts';
import { isOwnAddress, isOwnHost, type OwnHosts, ownHosts } from './own-hosts.ts';
import type { SiteFiles } from './site-files.ts';
import type { WatchPages } from './watch-pages.ts';

export interface EdgeServerOptions {
  /** Where it listens: the first port may be 0, if there is only one. */
  readonly addresses: readonly [ListenAddress, ...ListenAddress[]];
  readonly api: HttpApi;
  readonly events: Pick<EventFeed, 'serve'>;
  readonly media: MediaGate;
  /** The pages of streams and the studio. */
  readonly pages: WatchPages;
  /** All other files of the site. */
  readonly site: Pick<SiteFiles, 'serve'>;
  /** Where `/` redirects. */
  readonly homePath: () => string;
  /** The server's address from the point of view of viewers and API clients. */
  readonly playbackBaseUrl: string;
  /** Whether it also answers to its IP address, as it is called by other machines of the network. @default false */
  readonly answersToAddress?: boolean;
}

const OTHER_HOST = 'This is a Headend of another name.\n';

/**
 * Starts the only server that viewers and API clients talk to, like CloudFront in AWS. Like CloudFront, it answers to its
 * own names only. Rejects if it cannot listen.
 */
export async function startEdgeServer({
  addresses: [address, ...others],
  api,
  events,
  media,
  pages,
  site,
  homePath,
  playbackBaseUrl,
  answersToAddress = false,
}: EdgeServerOptions): Promise<ListeningServer> {
  let hosts: OwnHosts = new Set();
  const answer: RequestListener = (request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const { host } = request.headers;
    if (!isOwnHost(hosts, host) && !(answersToAddress && isOwnAddress(request.socket, host))) {
      return void response.writeHead(421, { 'content-type': 'text/plain' }).end(OTHER_HOST);
    }
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path.startsWith('/live/') || path.startsWith('/t/')) return void media(request, response);
    if (path === '/api/events') return void events.serve(request, response);
    if (path === '/api' || path.startsWith('/api/')) return void api(request, response);
    if (path === OEMBED_PATH) return void api(request, response);
    if (/^\/(watch\/|embed\/|studio)/.test(path)) return void pages(request, response);
    if (path === '/') return void response.writeHead(302, { location: homePath() }).end();
    if (!site.serve(path, response)) response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
  };
  const listening = await startListening(createServer(answer), address);
  hosts = ownHosts(Number(new URL(listening.url).port), playbackBaseUrl);
  const further = await Promise.all(others.map((each) => startListening(createServer(answer), each)));
  const all = [listening, ...further];
  return { url: listening.url, close: async () => void (await Promise.all(all.map((each) => each.close()))) };
}
