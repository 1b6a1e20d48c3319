import type { Writable } from 'node:stream';
import { CORS_EXPOSED_HEADERS, type HlsFileKindName, hlsFileKind, NOT_FOUND_CACHE_CONTROL } from '#domain/hls-files.ts';

/** A response as data; OriginServer writes it to the socket. */
export interface OriginResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent one after the other, and never copied into one buffer. */
  readonly body: readonly Buffer[];
}

/** A file that is still being made. Its parts are sent as they come. */
export interface GrowingResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Throws if the file does not become complete. Then the client must notice. */
  readonly parts: AsyncIterable<Buffer>;
}

/** A file did not become complete in time, as when its publisher has fallen silent. */
export class IncompleteFileError extends Error {
  override readonly name = 'IncompleteFileError';
}

/** The answer of the task that holds the stream. It is passed on as it comes in. */
export interface ForwardedResponse {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly stream: ForwardedBody;
}

/** Every form that an answer may have. */
export type AnyResponse = OriginResponse | GrowingResponse | ForwardedResponse;

/** A body that is coming in. */
export interface ForwardedBody {
  /**
   * Sends what has come and what comes to `sink`, and ends it. Destroys it if the body breaks off. Memory is used again as soon as
   * `sink` calls back, so it must not pass on what it gets.
   */
  pipeTo(sink: Writable): void;
  /** Nobody wants the body any more. */
  destroy(): void;
}

/** Players run on other origins, and measure the age of a cached response (RFC 8216bis 6.2.2; hls.js reads `Age`). */
export const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': CORS_EXPOSED_HEADERS.join(', '),
} as const;

/** A response without media. A cached 400 or 503 would reach other viewers, so the origin gives only 404s a lifetime. */
export function errorResponse(status: number, message: string, headers: Record<string, string> = {}): OriginResponse {
  const body = Buffer.from(`${message}\n`);
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...CORS_HEADERS, ...headers },
    body: [body],
  };
}

export const NOT_FOUND = errorResponse(404, 'not found', { 'cache-control': NOT_FOUND_CACHE_CONTROL });
export const NOT_IN_TIME = errorResponse(503, 'the stream has not come that far in time', { 'retry-after': '1' });

/** The headers of a file of a kind. */
export function fileHeaders(kind: HlsFileKindName): Record<string, string> {
  const { contentType, cacheControl } = hlsFileKind(kind);
  return { 'content-type': contentType, 'cache-control': cacheControl, ...CORS_HEADERS };
}

/** Size of a response's body. */
export function bodyBytes({ body }: OriginResponse): number {
  return body.reduce((bytes, buffer) => bytes + buffer.length, 0);
}
