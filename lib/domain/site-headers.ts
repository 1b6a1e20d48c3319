/** Headers of every answer that a viewer gets: no browser guesses a type, and no other site learns a page's address. */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
} as const;

/** Pages load nothing from other hosts. A player's media comes as blobs, and media-chrome's controls have styles of their own. */
const SOURCES =
  "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'self'; object-src 'none'";
/** Pages that act in somebody's name have only what they need. The studio shows the embed page. */
const STUDIO_SOURCES =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'";

/** Watch pages may be framed by this site only, embed pages by any, the studio by none. Everything else is like a watch page. */
const PAGE_HEADERS = {
  watch: {
    'content-security-policy': `${SOURCES}; frame-ancestors 'self'`,
    'x-frame-options': 'SAMEORIGIN',
  },
  embed: { 'content-security-policy': `${SOURCES}; frame-ancestors *` },
  studio: {
    'content-security-policy': `${STUDIO_SOURCES}; frame-ancestors 'none'`,
    'x-frame-options': 'DENY',
  },
} as const;

/** Headers of pages and their files, which CloudFront and the local edge add. Names are in lower case. */
export const SITE_HEADERS = {
  watch: { ...SECURITY_HEADERS, ...PAGE_HEADERS.watch },
  embed: { ...SECURITY_HEADERS, ...PAGE_HEADERS.embed },
  studio: { ...SECURITY_HEADERS, ...PAGE_HEADERS.studio },
} as const;
