/** A lifetime in seconds for each place that may cache. */
export interface CacheLifetime {
  /** What the origin sends as Cache-Control on a 200. */
  readonly cacheControl: string;
  readonly minTtlSeconds: number;
  readonly defaultTtlSeconds: number;
  readonly maxTtlSeconds: number;
}

/** One kind of file below /live/{playbackId}/, or below /t/{token}/live/{playbackId}/. */
export interface HlsFileKind extends CacheLifetime {
  readonly kind: 'status' | 'multivariant-playlist' | 'media-playlist' | 'init' | 'part' | 'segment';
  /**
   * CloudFront path pattern; `*` stands for any characters, slashes among them, or none. It is matched before the
   * viewer-token function takes the token off, so it takes URLs with and without one. The table is ordered: the first
   * match wins, as it does in CloudFront.
   */
  readonly pathPattern: string;
  readonly contentType: string;
  /** Query strings that belong to the cache key; all others are dropped. */
  readonly queryStrings: readonly string[];
}

const ONE_YEAR_SECONDS = 31_536_000;
const ONE_SECOND: CacheLifetime = {
  cacheControl: 'public, max-age=1',
  minTtlSeconds: 0,
  defaultTtlSeconds: 1,
  maxTtlSeconds: 1,
};
/** Media names carry the epoch and are never used twice, so media may be kept for ever. */
const FOR_EVER: CacheLifetime = {
  cacheControl: `public, max-age=${ONE_YEAR_SECONDS}, immutable`,
  minTtlSeconds: 0,
  defaultTtlSeconds: ONE_YEAR_SECONDS,
  maxTtlSeconds: ONE_YEAR_SECONDS,
};

/**
 * A blocking playlist answer is final for its query (RFC 8216bis 6.2.5.2 and its appendix on CDN tune-in): about six target
 * durations. Requests with `_HLS_msn` get this in place of the media playlist's own Cache-Control.
 */
export const BLOCKING_PLAYLIST_MAX_AGE_SECONDS = 12;
export const BLOCKING_PLAYLIST_CACHE_CONTROL = `public, max-age=${BLOCKING_PLAYLIST_MAX_AGE_SECONDS}`;

/** A missing file may appear at any moment: a 404 lives one second everywhere. */
export const NOT_FOUND_CACHE_CONTROL = 'public, max-age=1';

/** What players on other sites may read of an answer: they measure a cache's age (RFC 8216bis 6.2.2; hls.js reads `Age`). */
export const CORS_EXPOSED_HEADERS = ['Age', 'Content-Length', 'Content-Range', 'Date'] as const;

/** Blocking-reload and delta-update directives (RFC 8216bis 6.2.5). */
export const DELIVERY_DIRECTIVES = ['_HLS_msn', '_HLS_part', '_HLS_skip'] as const;

/** Every kind of file the origin serves and how long it may be kept: read by the origin and by the CloudFront configuration. */
export const HLS_FILE_KINDS = [
  {
    kind: 'status',
    pathPattern: '/*live/*/status.json',
    contentType: 'application/json',
    queryStrings: [],
    ...ONE_SECOND,
  },
  {
    kind: 'multivariant-playlist',
    pathPattern: '/*live/*/master.m3u8',
    contentType: 'application/vnd.apple.mpegurl',
    queryStrings: [],
    ...ONE_SECOND,
  },
  {
    kind: 'media-playlist',
    pathPattern: '/*live/*/media.m3u8',
    contentType: 'application/vnd.apple.mpegurl',
    queryStrings: DELIVERY_DIRECTIVES,
    ...ONE_SECOND,
    maxTtlSeconds: BLOCKING_PLAYLIST_MAX_AGE_SECONDS,
  },
  { kind: 'init', pathPattern: '/*live/*-init.mp4', contentType: 'video/mp4', queryStrings: [], ...FOR_EVER },
  { kind: 'part', pathPattern: '/*live/*-*.*.m4s', contentType: 'video/mp4', queryStrings: [], ...FOR_EVER },
  { kind: 'segment', pathPattern: '/*live/*-*.m4s', contentType: 'video/mp4', queryStrings: [], ...FOR_EVER },
] as const satisfies readonly HlsFileKind[];

export type HlsFileKindName = (typeof HLS_FILE_KINDS)[number]['kind'];

/** The row of one kind. */
export function hlsFileKind(kind: HlsFileKindName): HlsFileKind {
  const row = HLS_FILE_KINDS.find((candidate) => candidate.kind === kind);
  if (row === undefined) throw new Error(`no file kind ${kind}`);
  return row;
}

/** File names inside a rendition's folder. */
export const initFileName = (epoch: number): string => `${epoch}-init.mp4`;
export const segmentFileName = (epoch: number, msn: number): string => `${epoch}-${msn}.m4s`;
export const partFileName = (epoch: number, msn: number, part: number): string => `${epoch}-${msn}.${part}.m4s`;
