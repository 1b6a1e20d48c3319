import type { Context } from 'hono';
import { ProblemError } from './problem.ts';

/**
 * Throws a 403 unless a page of this platform has sent the request (Fetch Metadata Request Headers, 2.3). Browsers add a session's cookie
 * to requests of pages that they count as the same site, such as another host of the domain. They send `Origin` alone where nothing
 * is encrypted.
 */
export function requireOwnPage(context: Context, ownOrigin: string): void {
  const site = context.req.header('Sec-Fetch-Site');
  const isOwn = site === undefined ? context.req.header('Origin') === ownOrigin : site === 'same-origin';
  if (isOwn) return;
  throw new ProblemError({ status: 403, detail: 'With a session, only pages of this platform may change something.' });
}

/** Throws a 403 if a page of another site has sent the request. Programs that are no browsers say nothing about it. */
export function refuseOtherPages(context: Context, ownOrigin: string): void {
  const saysNothing = ['Sec-Fetch-Site', 'Origin'].every((name) => context.req.header(name) === undefined);
  if (!saysNothing) requireOwnPage(context, ownOrigin);
}
