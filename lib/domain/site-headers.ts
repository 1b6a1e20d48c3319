/** Content Security Policy of the player's pages: nothing from a foreign host but media that another player may name. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'";

/** Embed pages are made to be framed; everything else is not. */
export const FRAME_ANCESTORS = { watch: "'self'", embed: '*' } as const;

/** The policy of one kind of page. */
export const contentSecurityPolicy = (page: keyof typeof FRAME_ANCESTORS): string =>
  `${CONTENT_SECURITY_POLICY}; frame-ancestors ${FRAME_ANCESTORS[page]}`;
