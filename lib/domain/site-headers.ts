/** Headers of every answer that a viewer gets: no browser guesses a type, and no other site learns a page's address. */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
} as const;

/** The player's pages load nothing from other hosts, except media: an embedded player may name a stream elsewhere. */
const SOURCES =
  "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; base-uri 'none'";

/** Watch pages may be framed by this site only, embed pages by any. Everything else is like a watch page. */
const PAGE_HEADERS = {
  watch: {
    'content-security-policy': `${SOURCES}; frame-ancestors 'self'`,
    'x-frame-options': 'SAMEORIGIN',
  },
  embed: { 'content-security-policy': `${SOURCES}; frame-ancestors *` },
} as const;

/** Headers of the player's pages and files, which CloudFront and the local edge add. Names are in lower case. */
export const SITE_HEADERS = {
  watch: { ...SECURITY_HEADERS, ...PAGE_HEADERS.watch },
  embed: { ...SECURITY_HEADERS, ...PAGE_HEADERS.embed },
} as const;
