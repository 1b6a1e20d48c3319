import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { HostCookie } from './host-cookie.ts';

const BEARER_PATTERN = /^Bearer +(\S+)$/i;

/** What a request shows to say who sent it: an admin token (RFC 6750), or the secret of a session. */
export interface Credential {
  readonly kind: 'token' | 'session';
  readonly secret: string;
}

/** Notes what each request shows. An Authorization header counts alone, whatever is in it: only programs send one. */
export function noteCredential(cookie: Pick<HostCookie, 'name'>): MiddlewareHandler {
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
