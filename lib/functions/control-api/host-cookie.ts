import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { LOOPBACK_NAMES } from '#domain/ports.ts';

export interface HostCookieOptions {
  /** Where viewers come in. */
  readonly baseUrl: string;
  /** Without the prefix. */
  readonly name: string;
  /** `Lax` for a cookie that must be there when another site leads back to us. */
  readonly sameSite: 'Strict' | 'Lax';
}

/**
 * A cookie that scripts cannot read. The prefix keeps other hosts of the domain from setting it, and allows it over HTTPS only. Browsers
 * treat this machine like that. A platform that is open to a network without encryption can have neither.
 */
export class HostCookie {
  readonly name: string;
  readonly #isSecure: boolean;
  readonly #sameSite: HostCookieOptions['sameSite'];

  constructor({ baseUrl, name, sameSite }: HostCookieOptions) {
    const { protocol, hostname } = new URL(baseUrl);
    this.#isSecure = protocol === 'https:' || LOOPBACK_NAMES.some((loopback) => loopback === hostname);
    this.name = `${this.#isSecure ? '__Host-' : ''}${name}`;
    this.#sameSite = sameSite;
  }

  read(context: Context): string | undefined {
    return getCookie(context, this.name);
  }

  set(context: Context, secret: string, lifetimeMs: number): void {
    this.#write(context, secret, Math.ceil(lifetimeMs / 1000));
  }

  /** Takes it away from the browser. */
  clear(context: Context): void {
    this.#write(context, '', 0);
  }

  #write(context: Context, secret: string, maxAge: number): void {
    const scope = { path: '/', secure: this.#isSecure, httpOnly: true, sameSite: this.#sameSite } as const;
    setCookie(context, this.name, secret, { ...scope, maxAge });
  }
}
