import { needsViewerToken } from '#domain/playback-ids.ts';
import { masterPath, statusPath } from '#domain/playback-paths.ts';
import { PAGE_KINDS, type PageKind, parsePagePath } from '#domain/watch-pages.ts';

/** The page and the stream that a URL names. */
export interface PageAddress {
  readonly page: PageKind;
  /** Null if no stream can have this address: it is mistyped. */
  readonly stream: StreamAddress | null;
}

/** Where a page finds its stream. */
export interface StreamAddress {
  /** URL path of the multivariant playlist. It contains the viewer token of the page's own URL, if there is one. */
  readonly masterPath: string;
  /** URL path of status.json, with the same viewer token. */
  readonly statusPath: string;
  /** Whether the stream requires a viewer token. */
  readonly isProtected: boolean;
}

/** The form of the fragment that `watchPath` makes. */
const TOKEN_HASH = /^#token=([A-Za-z0-9._-]+)$/;

/** Parses `/watch/{playbackId}` or `/embed/{playbackId}`, each with an optional `#token={token}`. */
export function parsePageAddress({ pathname, hash }: Pick<Location, 'pathname' | 'hash'>): PageAddress {
  const name = parsePagePath(pathname);
  if (name === null) {
    return { page: PAGE_KINDS.find((kind) => pathname.startsWith(`/${kind}/`)) ?? 'watch', stream: null };
  }
  const { kind, playbackId } = name;
  const viewerToken = TOKEN_HASH.exec(hash)?.[1] ?? null;
  return {
    page: kind,
    stream: {
      masterPath: masterPath(playbackId, viewerToken),
      statusPath: statusPath(playbackId, viewerToken),
      isProtected: needsViewerToken(playbackId),
    },
  };
}
