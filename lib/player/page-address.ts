import { needsViewerToken } from '#domain/playback-ids.ts';

/** Which page was asked for, and of which stream. */
export interface PageAddress {
  readonly page: 'watch' | 'embed';
  /** Path of the multivariant playlist, from the page's origin. */
  readonly masterPath: string;
  /** Path of status.json, from the page's origin. */
  readonly statusPath: string;
  /** Whether the stream is for viewers with a token. The paths have the token of the page's own address, if any. */
  readonly isProtected: boolean;
}

/** A viewer token stands behind the hash, which browsers send to nobody. */
const TOKEN_HASH = /^#token=([A-Za-z0-9._-]+)$/;

/** Reads `/watch/{playbackId}` or `/embed/{playbackId}`, with `#token={token}` or not. Throws on any other path. */
export function parsePageAddress({ pathname, hash }: Pick<Location, 'pathname' | 'hash'>): PageAddress {
  const [, page, playbackId] = /^\/(watch|embed)\/([A-Za-z0-9_-]+)\/?$/.exec(pathname) ?? [];
  if ((page !== 'watch' && page !== 'embed') || playbackId === undefined) {
    throw new Error(`expected /watch/{playbackId} or /embed/{playbackId}, got ${pathname}`);
  }
  const token = TOKEN_HASH.exec(hash)?.[1];
  const folder = `${token === undefined ? '' : `/t/${token}`}/live/${playbackId}`;
  return {
    page,
    masterPath: `${folder}/master.m3u8`,
    statusPath: `${folder}/status.json`,
    isProtected: needsViewerToken(playbackId),
  };
}
