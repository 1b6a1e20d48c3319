import { createHash, createHmac, type Hmac } from 'node:crypto';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import type { LocalAwsService } from '#scripts/local/request-signature.ts';

export interface SigningOptions {
  readonly service: LocalAwsService;
  /** @default that of this process's local services */
  readonly secret?: string;
  /** Milliseconds since 1970. @default now */
  readonly atMs?: number;
  readonly method?: string;
  readonly body?: string;
  /** Lower-case names. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that are sent, but not signed. @default none */
  readonly unsigned?: Readonly<Record<string, string>>;
}

/**
 * The headers of a request that is signed as the AWS documentation says ("Create a signed AWS API request"), without the
 * SDK's own signer, with which the services check it.
 */
export function signedHeaders(url: string, options: SigningOptions): Record<string, string> {
  const {
    service,
    secret = LOCAL_CREDENTIALS.secretAccessKey,
    atMs = Date.now(),
    method = 'POST',
    body = '',
  } = options;
  const { host, pathname } = new URL(url);
  const time = new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const bodyHash = sha256(body);
  const headers: Record<string, string> = {
    ...{ host, 'x-amz-content-sha256': bodyHash, 'x-amz-date': time },
    ...options.headers,
  };
  const names = Object.keys(headers).toSorted();
  const path = pathname.replace(/\/+/g, '/').split('/').map(encodeURIComponent).join('/');
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const request = [method, path, '', lines, names.join(';'), headers['x-amz-content-sha256']].join('\n');
  const scope = [time.slice(0, 8), LOCAL_REGION, service, 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<Buffer>((above, part) => hmac(above, part).digest(), Buffer.from(`AWS4${secret}`));
  const credential = `${LOCAL_CREDENTIALS.accessKeyId}/${scope.join('/')}`;
  const signature = hmac(key, toSign).digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, ...options.unsigned, authorization };
}

/** Sends a signed request. A body is JSON. */
export function signedFetch(url: string, options: SigningOptions): Promise<Response> {
  const { method = 'POST', body } = options;
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const headers = signedHeaders(url, { ...options, headers: { ...type, ...options.headers } });
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer, text: string): Hmac => createHmac('sha256', key).update(text);
