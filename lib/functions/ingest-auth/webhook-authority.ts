import { createHmac } from 'node:crypto';
import type { Logger } from 'pino';
import {
  type Authorise,
  type IngestAuthRequest,
  type IngestAuthResponse,
  type RefusalCode,
  UNKNOWN_KEY_DESCRIPTION,
  WEBHOOK_FAILED,
} from '#domain/ingest-auth.ts';
import type { StreamDefaults } from '#domain/streams.ts';
import type { ReadSecret } from '#runtime/stored-secret.ts';
import { parseWebhookAnswer } from './webhook-answer.ts';

/** How long a backend may take to send its whole answer, in milliseconds. */
export const WEBHOOK_TIMEOUT_MS = 2_000;
/** A longer answer is invalid. */
export const WEBHOOK_ANSWER_LIMIT_BYTES = 16 * 1024;

const KEY_LIMIT_CHARACTERS = 512;

/** What is needed to ask a backend. */
export interface WebhookAuthorityOptions {
  readonly url: URL;
  /** Reads the secret that both sides know. Called for each publish. */
  readonly readSecret: ReadSecret;
  /** For streams whose ladder or latency profile the backend does not name. */
  readonly defaults: StreamDefaults;
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** A backend that answers so knows nothing of the key yet (RFC 9110 15.5.9, RFC 6585 4). All other 4xx deny it. */
const TRY_AGAIN_STATUSES = [408, 429];

interface WebhookAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Decides by asking a backend: a POST of the request as JSON, with `Headend-Timestamp` (seconds since 1970) and
 * `Headend-Signature`, the HMAC-SHA-256 of `TIMESTAMP.BODY` in hex. A 2xx with JSON allows the publish. A 4xx denies it
 * for good, but for those that ask to try again. Anything else denies it for now and is logged as an error.
 */
export function createWebhookAuthority(options: WebhookAuthorityOptions): Authorise {
  return async (request) => {
    const { streamKey } = request;
    if (streamKey === '' || streamKey.length > KEY_LIMIT_CHARACTERS) return refuseKey();
    try {
      const secret = await options.readSecret();
      const { status, body } = await askBackend(request, secret, options);
      if (status >= 400 && status < 500 && !TRY_AGAIN_STATUSES.includes(status)) return refuseKey();
      if (status < 200 || status >= 300) throw new Error(`status ${status}`);
      const stream = parseWebhookAnswer(body, { streamKey, secret, defaults: options.defaults });
      if (stream === null) throw new Error(`status ${status} with an invalid body`);
      options.log.info({ streamId: stream.streamId, title: stream.title }, 'backend allowed the publish');
      return { allow: true, stream };
    } catch (error) {
      // The cause of a fetch error says what happened. Neither the error nor its cause quotes the request.
      const cause = typeof error === 'object' && error !== null && 'cause' in error ? String(error.cause) : null;
      options.log.error({ host: options.url.host, error: String(error), cause }, WEBHOOK_FAILED);
      return refuse('NetStream.Publish.Rejected', 'The stream key could not be checked; try again.');
    }
  };
}

async function askBackend(
  request: IngestAuthRequest,
  secret: string,
  { url, fetch, now }: WebhookAuthorityOptions,
): Promise<WebhookAnswer> {
  const body = JSON.stringify(request);
  const timestamp = String(Math.floor(now() / 1000));
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Headend-Timestamp': timestamp,
      'Headend-Signature': createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex'),
    },
    body,
    // A redirect would send the key to a host that nobody has chosen.
    redirect: 'manual',
    signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
  });
  return { status: response.status, body: await readText(response) };
}

/** Throws if the body is too long, without reading the rest. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > WEBHOOK_ANSWER_LIMIT_BYTES) throw new Error(`more than ${WEBHOOK_ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const refuseKey = (): IngestAuthResponse => refuse('NetStream.Publish.BadName', UNKNOWN_KEY_DESCRIPTION);

const refuse = (code: RefusalCode, description: string): IngestAuthResponse => ({ allow: false, code, description });
