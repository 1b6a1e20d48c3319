import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { SITE_HEADERS } from '#domain/site-headers.ts';
import { buildSite } from '#scripts/build-site.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The built site in memory, served like that of a deployment. */
export class SiteFiles {
  readonly #files: ReadonlyMap<string, Buffer>;

  private constructor(files: ReadonlyMap<string, Buffer>) {
    this.#files = files;
  }

  /** Builds the site into `outDir` and reads it. */
  static async build(outDir: string): Promise<SiteFiles> {
    const files = new Map<string, Buffer>();
    for (const { path } of (await buildSite(outDir)).files) files.set(`/${path}`, await readFile(join(outDir, path)));
    return new SiteFiles(files);
  }

  /** Answers a request for a file, with the headers of a page. Returns false for any other path. */
  serve(path: string, response: ServerResponse, page: keyof typeof SITE_HEADERS = 'watch'): boolean {
    const body = this.#files.get(path);
    if (body === undefined) return false;
    response.writeHead(200, {
      'content-type': CONTENT_TYPES[extname(path)] ?? 'application/octet-stream',
      'content-length': body.length,
      'cache-control': 'no-cache',
      ...SITE_HEADERS[page],
    });
    response.end(body);
    return true;
  }
}
