import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { SITE_HEADERS } from '#domain/site-headers.ts';
import { PAGE_FALLBACK_STATUSES, PAGE_FILE_PATH, type PageKind, STUDIO_FILE_PATH } from '#domain/watch-pages.ts';
import { loadEdgeFunction } from './edge-function.ts';
import { type ApiOrigin, writeResult } from './http-api.ts';
import { toViewerRequest } from './media-gate.ts';
import type { SiteFiles } from './site-files.ts';

const FUNCTION_PATH = fileURLToPath(new URL('../../lib/functions/site-pages/function.js', import.meta.url));

export interface WatchPagesOptions {
  readonly api: ApiOrigin;
  readonly site: Pick<SiteFiles, 'serve'>;
  readonly log: Logger;
}

/** Answers requests for pages like CloudFront. Never rejects. */
export type WatchPages = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Loads the site-pages function as it is deployed. The control API answers for streams, and the static page stands in for it. */
export async function loadWatchPages({ api, site, log }: WatchPagesOptions): Promise<WatchPages> {
  const edgeFunction = loadEdgeFunction({ code: await readFile(FUNCTION_PATH, 'utf8'), keyValues: new Map(), log });
  return async (request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    const kind: PageKind = path.startsWith('/embed/') ? 'embed' : 'watch';
    const asked = await edgeFunction(toViewerRequest(request, path, ''));
    if ('statusCode' in asked) {
      const location = asked.headers?.location?.value;
      return void response.writeHead(asked.statusCode, location === undefined ? {} : { location }).end();
    }
    if (asked.uri === STUDIO_FILE_PATH && site.serve(asked.uri, response, 'studio')) return;
    const query = new URLSearchParams(Object.entries(asked.querystring).map(([name, { value }]) => [name, value]));
    const result = await api(request, `${asked.uri}?${query}`);
    const hasFailed = PAGE_FALLBACK_STATUSES.some((status) => status === result.statusCode);
    if (hasFailed && site.serve(PAGE_FILE_PATH, response, kind)) return;
    for (const [name, value] of Object.entries(SITE_HEADERS[kind])) response.setHeader(name, value);
    writeResult(response, result);
  };
}
