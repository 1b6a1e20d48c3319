import { isIPv4 } from 'node:net';

const SECRET_MIN_LENGTH = 32;

/** Where a backend is asked. Throws one error that says what is wrong with `WEBHOOK_URL`. */
export function parseWebhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))) {
    throw new Error('WEBHOOK_URL must be an https URL (http only for a loopback address)');
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new Error('WEBHOOK_URL must have neither credentials nor a fragment; requests are signed');
  }
  return url;
}

/** A secret that nobody guesses. Throws an error that names its `source` and does not show it. */
export function requireLongSecret(secret: string, source: string): string {
  if (secret.length >= SECRET_MIN_LENGTH) return secret;
  throw new Error(`${source} must have at least ${SECRET_MIN_LENGTH} characters`);
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
