import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { LOOPBACK_NAMES } from '#domain/ports.ts';
import { SESSION_LIFETIME_MS } from '#domain/sessions.ts';

const BEARER_PATTERN = /^Bearer +(\S+)$/i;

/** What a request shows to say who sent it: an admin token (RFC 6750), or the secret of a session. */
export interface Credential {
  readonly kind: 'token' | 'session';
  readonly secret: string;
}

/**
 * The cookie of sessions. The prefix keeps other hosts of the domain from setting it, and allows it over HTTPS only. Browsers treat
 * this machine like that. A platform that is open to a network without encryption can have neither.
 */
export class SessionCookie {
  readonly name: string;
  readonly #isSecure: boolean;

  /** `baseUrl` is where viewers come in. */
  constructor(baseUrl: string) {
    const { protocol, hostname } = new URL(baseUrl);
    this.#isSecure = protocol === 'https:' || LOOPBACK_NAMES.some((name) => name === hostname);
    this.name = `${this.#isSecure ? '__Host-' : ''}headend-session`;
  }

  set(context: Context, secret: string): void {
    this.#write(context, secret, SESSION_LIFETIME_MS / 1000);
  }

  /** Takes it away from the browser. */
  clear(context: Context): void {
    this.#write(context, '', 0);
  }

  #write(context: Context, secret: string, maxAge: number): void {
    const scope = { path: '/', secure: this.#isSecure, httpOnly: true, sameSite: 'Strict' } as const;
    setCookie(context, this.name, secret, { ...scope, maxAge });
  }
}

/** Notes what each request shows. An Authorization header counts alone, whatever is in it: only programs send one. */
export function noteCredential(cookie: Pick<SessionCookie, 'name'>): MiddlewareHandler {
  return (context, next) => {
    context.set('credential', readCredential(context, cookie.name));
    return next();
  };
}

function readCredential(context: Context, cookieName: string): Credential | null {
  const authorization = context.req.header('Authorization');
  const secret = authorization === undefined ? getCookie(context, cookieName) : BEARER_PATTERN.exec(authorization)?.[1];
  if (secret === undefined) return null;
  return { kind: authorization === undefined ? 'session' : 'token', secret };
}
