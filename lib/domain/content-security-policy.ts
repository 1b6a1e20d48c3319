/** The player's pages load nothing from other hosts, except media: an embedded player may name a stream elsewhere. */
const SOURCES =
  "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'";

/** The sites that may frame each kind of page: any site for embed pages, none for the others. */
const FRAME_ANCESTORS = { watch: "'self'", embed: '*' } as const;

/** The Content Security Policy of one kind of page. */
export const contentSecurityPolicy = (page: keyof typeof FRAME_ANCESTORS): string =>
  `${SOURCES}; frame-ancestors ${FRAME_ANCESTORS[page]}`;
