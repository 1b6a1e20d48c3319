import { needsViewerToken } from '#domain/playback-ids.ts';
import { masterPath, statusPath } from '#domain/playback-paths.ts';

/** The page and the stream that a URL names. */
export interface PageAddress {
  readonly page: 'watch' | 'embed';
  /** URL path of the multivariant playlist. It contains the viewer token of the page's own URL, if there is one. */
  readonly masterPath: string;
  /** URL path of status.json, with the same viewer token. */
  readonly statusPath: string;
  /** Whether the stream requires a viewer token. */
  readonly isProtected: boolean;
}

/** The form of the fragment that `watchPath` makes. */
const TOKEN_HASH = /^#token=([A-Za-z0-9._-]+)$/;

/**
 * Parses `/watch/{playbackId}` or `/embed/{playbackId}`, each with an optional `#token={token}`. Throws on any other
 * path.
 */
export function parsePageAddress({ pathname, hash }: Pick<Location, 'pathname' | 'hash'>): PageAddress {
  const [, page, playbackId] = /^\/(watch|embed)\/([A-Za-z0-9_-]+)\/?$/.exec(pathname) ?? [];
  if ((page !== 'watch' && page !== 'embed') || playbackId === undefined) {
    throw new Error(`expected /watch/{playbackId} or /embed/{playbackId}, got ${pathname}`);
  }
  const viewerToken = TOKEN_HASH.exec(hash)?.[1] ?? null;
  return {
    page,
    masterPath: masterPath(playbackId, viewerToken),
    statusPath: statusPath(playbackId, viewerToken),
    isProtected: needsViewerToken(playbackId),
  };
}
