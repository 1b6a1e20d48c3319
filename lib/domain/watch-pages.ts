import { PLAYBACK_ID_SOURCE } from './playback-ids.ts';

/** The pages on which a stream is watched: one of its own, and one inside other sites. */
export const PAGE_KINDS = ['watch', 'embed'] as const;

export type PageKind = (typeof PAGE_KINDS)[number];

/** A page of a stream. */
export interface WatchPageName {
  readonly kind: PageKind;
  readonly playbackId: string;
}

const PAGE_PATH = new RegExp(`^/(${PAGE_KINDS.join('|')})/(${PLAYBACK_ID_SOURCE})/?$`);

/** The page at a URL path, with or without a slash at its end. Null if there is none. */
export function parsePagePath(path: string): WatchPageName | null {
  const [, kind, playbackId] = PAGE_PATH.exec(path) ?? [];
  return kind === undefined || playbackId === undefined ? null : { kind: kind as PageKind, playbackId };
}

/** Where the studio is: one static page, whatever follows. */
export const STUDIO_PATH = '/studio/';

/** URL path of the file that is the studio. */
export const STUDIO_FILE_PATH = '/studio.html';

/** URL path of the page that is every watch and embed page. Without an answer of the control API, it is a static file. */
export const PAGE_FILE_PATH = '/watch.html';

/** The query strings that say which page is meant. They are all that the cache's key has of a request. */
export const PAGE_PARAMETERS = ['kind', 'id'] as const;

/** Statuses of the control API in whose place viewers get the static page: refused, too many requests, and failures. */
export const PAGE_FALLBACK_STATUSES = [403, 429, 500, 502, 503, 504] as const;

/** How long CloudFront may keep a page, and an answer of oEmbed: a stream's new title is seen within this time. */
export const PAGE_SECONDS = 30;

/** The path of oEmbed (oembed.com), by which other sites learn how to embed a stream. */
export const OEMBED_PATH = '/oembed';

/** All that oEmbed's consumers may ask with. */
export const OEMBED_PARAMETERS = ['url', 'maxwidth', 'maxheight', 'format'] as const;
