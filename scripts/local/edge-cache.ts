import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import { hlsFileKindOf } from '#domain/hls-files.ts';

/** The least recently used files are forgotten beyond this. */
const LIMIT_BYTES = 64 * 1024 * 1024;
/** A segment of the largest rung has 12 MB. */
const FILE_LIMIT_BYTES = 16 * 1024 * 1024;
/** Files that are coming in. Beyond this, they are passed on and not kept. */
const INCOMING_LIMIT_BYTES = 32 * 1024 * 1024;

/** A file as the origin sent it. */
export interface CachedFile {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Milliseconds since 1970. */
  readonly receivedAtMs: number;
}

export interface EdgeCacheOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Media that never changes, like CloudFront's cache, by path without viewer token and query. Playlists change every
 * moment, and are not kept.
 */
export class EdgeCache {
  readonly #now: () => number;
  readonly #files = new LRUCache<string, CachedFile>({
    maxSize: LIMIT_BYTES,
    maxEntrySize: FILE_LIMIT_BYTES,
    sizeCalculation: ({ body }) => Math.max(1, body.length),
  });
  #incomingBytes = 0;
  /** A file that was asked for before an invalidation must not be kept after it. */
  #invalidations = 0;

  constructor({ now }: EdgeCacheOptions) {
    this.#now = now;
  }

  /** The file at a path. */
  find(path: string): CachedFile | undefined {
    return this.#files.get(path);
  }

  /** How long a file has been in the cache, in whole seconds. */
  ageSeconds({ receivedAtMs }: CachedFile): number {
    return Math.max(0, Math.floor((this.#now() - receivedAtMs) / 1000));
  }

  /** Whether a request can be answered from the cache, and its answer kept. */
  accepts({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
    return method === 'GET' && headers.range === undefined;
  }

  /** Returns what keeps the answer of the origin to a request that is sent now. */
  expect(path: string): (answer: IncomingMessage) => void {
    const invalidations = this.#invalidations;
    return (answer) => {
      const bytes = Number(answer.headers['content-length']);
      if (!isImmutable(path, answer) || !(this.#incomingBytes + bytes <= INCOMING_LIMIT_BYTES)) return;
      this.#incomingBytes += bytes;
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('close', () => {
        this.#incomingBytes -= bytes;
        const isCurrent = invalidations === this.#invalidations;
        if (answer.complete && isCurrent) this.#keep(path, answer.headers, Buffer.concat(chunks));
      });
    };
  }

  /** Forgets the files at a path, or below one that ends with `*`. */
  invalidate(path: string): void {
    this.#invalidations += 1;
    const isMeant = (known: string): boolean =>
      path.endsWith('*') ? known.startsWith(path.slice(0, -1)) : known === path;
    for (const known of [...this.#files.keys()].filter(isMeant)) this.#files.delete(known);
  }

  #keep(path: string, headers: IncomingHttpHeaders, body: Buffer): void {
    const { connection: _connection, 'keep-alive': _keepAlive, ...kept } = headers;
    this.#files.set(path, { headers: kept, body, receivedAtMs: this.#now() });
  }
}

/** Only files that the table of file kinds says never change, and that the origin sends as such. */
function isImmutable(path: string, { statusCode, headers }: IncomingMessage): boolean {
  const cacheControl = headers['cache-control'] ?? '';
  return statusCode === 200 && cacheControl.includes('immutable') && hlsFileKindOf(path)?.cacheControl === cacheControl;
}
