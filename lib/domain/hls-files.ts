import { AUDIO_RENDITION } from './ladders.ts';

/** How long each kind of cache may keep a file, in seconds. */
export interface CacheLifetime {
  /** The origin's Cache-Control header on a 200. */
  readonly cacheControl: string;
  readonly minTtlSeconds: number;
  readonly defaultTtlSeconds: number;
  readonly maxTtlSeconds: number;
}

/** One kind of file below /live/{playbackId}/, or below /t/{token}/live/{playbackId}/. */
export interface HlsFileKind extends CacheLifetime {
  readonly kind:
    | 'status'
    | 'stream-health'
    | 'poster'
    | 'time'
    | 'multivariant-playlist'
    | 'media-playlist'
    | 'iframe-playlist'
    | 'dash-manifest'
    | 'init'
    | 'part'
    | 'segment';
  /**
   * CloudFront path pattern, in which `*` stands for any characters, including slashes, or none. CloudFront matches it
   * before the viewer-token function removes the token, so it fits URLs with and without a token. The order of the
   * table matters: the first match wins, as in CloudFront.
   */
  readonly pathPattern: string;
  readonly contentType: string;
  /** Query strings that are part of the cache key. All others are dropped. */
  readonly queryStrings: readonly string[];
}

const ONE_YEAR_SECONDS = 31_536_000;
const ONE_SECOND: CacheLifetime = {
  cacheControl: 'public, max-age=1',
  minTtlSeconds: 0,
  defaultTtlSeconds: 1,
  maxTtlSeconds: 1,
};
const TEN_SECONDS: CacheLifetime = {
  cacheControl: 'public, max-age=10',
  minTtlSeconds: 0,
  defaultTtlSeconds: 10,
  maxTtlSeconds: 10,
};
/** What is true for one moment. The header is enough for CloudFront, so this shares a cache policy. */
const NEVER: CacheLifetime = { ...ONE_SECOND, cacheControl: 'no-store' };
/** The names of media files contain the epoch and are never used twice, so media may be kept for ever. */
const FOR_EVER: CacheLifetime = {
  cacheControl: `public, max-age=${ONE_YEAR_SECONDS}, immutable`,
  minTtlSeconds: 0,
  defaultTtlSeconds: ONE_YEAR_SECONDS,
  maxTtlSeconds: ONE_YEAR_SECONDS,
};

/** The most that any stream's answer to a blocking playlist request says. */
const BLOCKING_PLAYLIST_MAX_AGE_SECONDS = 12;
const BLOCKING_PLAYLIST_TARGET_DURATIONS = 6;

/**
 * The answer to a blocking playlist request never changes for its query, so it may be kept for about six target
 * durations (RFC 8216bis 6.2.5.2 and its appendix on CDN tune-in). Requests with `_HLS_msn` get this instead of the
 * media playlist's own Cache-Control.
 */
export function blockingPlaylistCacheControl(targetDurationSeconds: number): string {
  const seconds = BLOCKING_PLAYLIST_TARGET_DURATIONS * targetDurationSeconds;
  return `public, max-age=${Math.min(BLOCKING_PLAYLIST_MAX_AGE_SECONDS, seconds)}`;
}

/** The type of MP4 files that have sound only. The table has the type of the others. */
const SOUND_TYPE = 'audio/mp4';
const PICTURE_TYPE = 'video/mp4';

/** A missing file may appear at any moment, so every cache keeps a 404 for one second only. */
export const NOT_FOUND_CACHE_CONTROL = 'public, max-age=1';

/**
 * Headers that players on other sites may read. hls.js reads `Age` to measure how old a cached answer is (RFC 8216bis
 * 6.2.2).
 */
export const CORS_EXPOSED_HEADERS = ['Age', 'Content-Length', 'Content-Range', 'Date'] as const;

/** Blocking-reload and delta-update directives (RFC 8216bis 6.2.5). */
export const DELIVERY_DIRECTIVES = ['_HLS_msn', '_HLS_part', '_HLS_skip'] as const;

/** The version of a status.json that the asker has. The request waits until there is another one. */
export const STATUS_AFTER = 'after';

/**
 * Every kind of file that the origin serves, and how long it may be kept. The origin and the CloudFront configuration
 * use it.
 */
export const HLS_FILE_KINDS = [
  {
    kind: 'status',
    pathPattern: '/*live/*/status.json',
    contentType: 'application/json',
    queryStrings: [STATUS_AFTER],
    ...ONE_SECOND,
  },
  {
    kind: 'stream-health',
    pathPattern: '/*live/*/health.json',
    contentType: 'application/json',
    queryStrings: [],
    ...ONE_SECOND,
  },
  { kind: 'poster', pathPattern: '/*live/*/poster.jpg', contentType: 'image/jpeg', queryStrings: [], ...TEN_SECONDS },
  {
    kind: 'time',
    pathPattern: '/*live/*/time.txt',
    contentType: 'text/plain; charset=utf-8',
    queryStrings: [],
    ...NEVER,
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
  {
    kind: 'iframe-playlist',
    pathPattern: '/*live/*/iframes.m3u8',
    contentType: 'application/vnd.apple.mpegurl',
    queryStrings: [],
    ...ONE_SECOND,
  },
  {
    kind: 'dash-manifest',
    pathPattern: '/*live/*/manifest.mpd',
    contentType: 'application/dash+xml',
    queryStrings: [],
    ...ONE_SECOND,
  },
  { kind: 'init', pathPattern: '/*live/*-init.mp4', contentType: PICTURE_TYPE, queryStrings: [], ...FOR_EVER },
  { kind: 'part', pathPattern: '/*live/*-*.*.m4s', contentType: PICTURE_TYPE, queryStrings: [], ...FOR_EVER },
  { kind: 'segment', pathPattern: '/*live/*-*.m4s', contentType: PICTURE_TYPE, queryStrings: [], ...FOR_EVER },
] as const satisfies readonly HlsFileKind[];

export type HlsFileKindName = (typeof HLS_FILE_KINDS)[number]['kind'];

/** The table's row for one kind. */
export function hlsFileKind(kind: HlsFileKindName): HlsFileKind {
  const row = HLS_FILE_KINDS.find((candidate) => candidate.kind === kind);
  if (row === undefined) throw new Error(`There is no file kind ${kind}`);
  return row;
}

/** The Content-Type of a rendition's media: sound alone is no video. */
export const mediaContentType = (kind: 'init' | 'part' | 'segment', rendition: string): string =>
  rendition === AUDIO_RENDITION ? SOUND_TYPE : hlsFileKind(kind).contentType;

/** The kind of the file at a path, with or without a viewer token, as CloudFront finds it. */
export function hlsFileKindOf(path: string): HlsFileKind | undefined {
  return HLS_FILE_KINDS.find(({ pathPattern }) => {
    const source = pathPattern.replaceAll('.', '\\.').replaceAll('*', '.*');
    return new RegExp(`^${source}$`).test(path);
  });
}

/** The file with the time of a clock that is so many whole milliseconds ahead of the origin's, or behind it if that is negative. */
export function timeFilePath(aheadMs: number): string {
  const folder = aheadMs === 0 ? '' : `${aheadMs > 0 ? 'ahead' : 'behind'}-${Math.abs(aheadMs)}/`;
  return `${folder}time.txt`;
}

/** File names inside a rendition's folder. */
export const initFileName = (epoch: number): string => `${epoch}-init.mp4`;
export const segmentFileName = (epoch: number, msn: number): string => `${epoch}-${msn}.m4s`;
export const partFileName = (epoch: number, msn: number, part: number): string => `${epoch}-${msn}.${part}.m4s`;
