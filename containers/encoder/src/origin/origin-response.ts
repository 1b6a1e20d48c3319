import { CORS_EXPOSED_HEADERS } from '#domain/hls-files.ts';

/** What the origin answers; one place writes it to a socket. */
export interface OriginResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent one after another; never copied together. */
  readonly body: readonly Buffer[];
}

/** Players run on other origins than ours, and measure a cache's age (RFC 8216bis 6.2.2; hls.js reads `Age`). */
export const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': CORS_EXPOSED_HEADERS.join(', '),
} as const;

/**
 * An answer without media. Statuses that are not 404 carry no lifetime: a cache that keeps a 400 or 503 would
 * give it to viewers who asked for nothing wrong.
 */
export function errorResponse(status: number, message: string, headers: Record<string, string> = {}): OriginResponse {
  const body = Buffer.from(`${message}\n`);
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...CORS_HEADERS, ...headers },
    body: [body],
  };
}
