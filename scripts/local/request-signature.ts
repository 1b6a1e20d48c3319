import { createHash, createHmac, type Hash, type Hmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import { LOCAL_REGION, type LocalCredentials } from './aws-environment.ts';

/** The services that run on this machine, by their names in signatures. */
export type LocalAwsService = 'dynamodb' | 'lambda' | 'events' | 'cloudfront';

export interface SignatureCheckOptions {
  readonly service: LocalAwsService;
  readonly credentials: LocalCredentials;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The parts of a request that a signature covers. `url` is its target. */
export interface SignedRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** AWS accepts signatures for this long ("Elements of an AWS API request signature"). */
const MAX_AGE_MS = 5 * 60_000;
const DATE_PATTERN = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const SIGNED_HEADERS_PATTERN = /, SignedHeaders=([a-z0-9;-]+), /;
const SHA256_PATTERN = /^[0-9a-f]{64}$/;

/**
 * Whether somebody who knows the secret has signed this request within the last minutes (AWS Signature Version 4). It
 * signs the request once more and compares. The signature covers the body by its hash, in `x-amz-content-sha256`,
 * which the caller must compare (`isBodyOf`). The SDK always sends it.
 */
export async function isSigned(request: SignedRequest, options: SignatureCheckOptions): Promise<boolean> {
  const { headers } = request;
  const dateMs = parseDate(headers['x-amz-date']);
  if (dateMs === null || Math.abs(options.now() - dateMs) > MAX_AGE_MS) return false;
  const names = SIGNED_HEADERS_PATTERN.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  // All that says what is asked for: with which operation, when, and of whom.
  const essential = ['host', 'content-type', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const isComplete = essential.every((name) => headers[name] === undefined || names.includes(name));
  if (!isComplete || !SHA256_PATTERN.test(String(headers['x-amz-content-sha256']))) return false;
  const expected = await authorizationOf(request, names, dateMs, options);
  return isEqual(expected, headers.authorization ?? '');
}

/** Whether the body is the one that was signed. */
export const isBodyOf = ({ headers }: SignedRequest, body: Buffer): boolean =>
  isEqual(createHash('sha256').update(body).digest('hex'), String(headers['x-amz-content-sha256']));

/** The `Authorization` header that the request must have. */
async function authorizationOf(
  { method = '', url = '', headers }: SignedRequest,
  names: readonly string[],
  dateMs: number,
  { service, credentials }: SignatureCheckOptions,
): Promise<string> {
  const signer = new SignatureV4({ service, credentials, region: LOCAL_REGION, sha256: Sha256, applyChecksum: false });
  const [path = '', ...query] = url.split('?');
  const toSign = {
    ...{ method, protocol: 'http:', hostname: '', path, query: toParameters(query.join('?')) },
    headers: Object.fromEntries(names.map((name) => [name, String(headers[name] ?? '')])),
  };
  const signed = await signer.sign(toSign, { signingDate: new Date(dateMs) });
  return signed.headers.authorization ?? '';
}

/** All values of each parameter. */
function toParameters(query: string): Record<string, string[]> {
  const parameters = new URLSearchParams(query);
  return Object.fromEntries([...parameters.keys()].map((name) => [name, parameters.getAll(name)]));
}

/** Milliseconds since 1970 of a date like `20261120T193000Z`. Null if it is none. */
function parseDate(header: string | string[] | undefined): number | null {
  const [, ...parts] = DATE_PATTERN.exec(String(header)) ?? [];
  if (parts.length === 0) return null;
  const [year = 0, month = 0, ...rest] = parts.map(Number);
  return Date.UTC(year, month - 1, ...rest);
}

/** In constant time. */
function isEqual(expected: string, actual: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(actual)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Node.js's SHA-256, or its HMAC with a key, in the form that the signer takes. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(key?: SourceData) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', toBytes(key));
  }

  update(data: SourceData): void {
    this.#hash.update(toBytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

type SourceData = string | ArrayBuffer | ArrayBufferView;

function toBytes(data: SourceData): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
