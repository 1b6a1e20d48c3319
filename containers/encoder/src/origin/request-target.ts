import { STATUS_AFTER } from '#domain/hls-files.ts';
import { PLAYBACK_ID_SOURCE } from '#domain/playback-ids.ts';
import { isVersion } from './status-version.ts';

/** What a URL of the origin refers to. */
export type RequestTarget =
  | { readonly kind: 'health' }
  | StatusTarget
  | TimeTarget
  | { readonly kind: 'stream-health'; readonly playbackId: string }
  | { readonly kind: 'poster'; readonly playbackId: string }
  | { readonly kind: 'multivariant-playlist'; readonly playbackId: string }
  | { readonly kind: 'dash-manifest'; readonly playbackId: string }
  | { readonly kind: 'media-playlist'; readonly playbackId: string; readonly rendition: string; readonly query: string }
  | { readonly kind: 'iframe-playlist'; readonly playbackId: string; readonly rendition: string }
  | { readonly kind: 'init'; readonly playbackId: string; readonly rendition: string; readonly epoch: number }
  | ({ readonly kind: 'segment' } & SegmentName)
  | ({ readonly kind: 'part'; readonly part: number } & SegmentName);

/** The time of a clock that is ahead of the origin's, or behind it if `aheadMs` is negative. */
export interface TimeTarget {
  readonly kind: 'time';
  readonly playbackId: string;
  readonly aheadMs: number;
}

/** A status, at once or, if the asker has its version, when it is another one. */
export interface StatusTarget {
  readonly kind: 'status';
  readonly playbackId: string;
  readonly after: string | null;
}

/** What a URL of a stream refers to. */
export type StreamTarget = Exclude<RequestTarget, { kind: 'health' }>;

interface SegmentName {
  readonly playbackId: string;
  readonly rendition: string;
  readonly epoch: number;
  readonly msn: number;
}

/** Longer than any of our URLs, with room for a CDN's own query parameters. */
const MAX_URL_LENGTH = 512;
/** At most 15 digits, so that numbers are exact as doubles. No leading zero, so that each file has a single name. */
const NUMBER = '(0|[1-9][0-9]{0,14})';
const FOLDER = `/live/(${PLAYBACK_ID_SOURCE})/`;
const RENDITION = '([a-z0-9]{1,8}(?:-[a-z0-9]{1,8})?)/';
const WHOLE_STREAM = new RegExp(`^${FOLDER}(status\\.json|health\\.json|poster\\.jpg|master\\.m3u8|manifest\\.mpd)$`);
const WHOLE_STREAM_KINDS = {
  'status.json': 'status',
  'health.json': 'stream-health',
  'poster.jpg': 'poster',
  'master.m3u8': 'multivariant-playlist',
  'manifest.mpd': 'dash-manifest',
} as const;
/** Off by thirty years at most. */
const TIME = new RegExp(`^${FOLDER}(?:(ahead|behind)-([1-9][0-9]{0,11})/)?time\\.txt$`);
const RENDITION_PLAYLIST = new RegExp(`^${FOLDER}${RENDITION}(media|iframes)\\.m3u8$`);
const AFTER = `${STATUS_AFTER}=`;
const INIT = new RegExp(`^${FOLDER}${RENDITION}${NUMBER}-init\\.mp4$`);
const MEDIA = new RegExp(`^${FOLDER}${RENDITION}${NUMBER}-${NUMBER}(?:\\.${NUMBER})?\\.m4s$`);

/**
 * Parses a request's URL without decoding or normalising it. Our names need neither, so an escape or a dot segment
 * refers to nothing. Returns undefined for anything that is not exactly one of our names.
 */
export function parseRequestTarget(url: string): RequestTarget | undefined {
  if (url.length > MAX_URL_LENGTH) return undefined;
  const queryAt = url.indexOf('?');
  const path = queryAt === -1 ? url : url.slice(0, queryAt);
  const query = queryAt === -1 ? '' : url.slice(queryAt + 1);
  if (path === '/health') return { kind: 'health' };
  const [, playbackId, direction, offMs = '0'] = TIME.exec(path) ?? [];
  if (playbackId !== undefined) {
    return { kind: 'time', playbackId, aheadMs: direction === 'behind' ? -Number(offMs) : Number(offMs) };
  }
  return parsePlaylist(path, query) ?? parseMedia(path);
}

function parsePlaylist(path: string, query: string): RequestTarget | undefined {
  const whole = WHOLE_STREAM.exec(path);
  if (whole !== null) {
    const playbackId = whole[1] ?? '';
    const kind = WHOLE_STREAM_KINDS[whole[2] as keyof typeof WHOLE_STREAM_KINDS];
    if (kind === 'status') return { kind, playbackId, after: afterIn(query) };
    return { kind, playbackId };
  }
  const [matched, playbackId = '', rendition = '', name] = RENDITION_PLAYLIST.exec(path) ?? [];
  if (matched === undefined) return undefined;
  return name === 'media'
    ? { kind: 'media-playlist', playbackId, rendition, query }
    : { kind: 'iframe-playlist', playbackId, rendition };
}

/** The version, if that is the whole query: a viewer who adds to it would get past the cache, and fill the waits. */
function afterIn(query: string): string | null {
  const version = query.slice(AFTER.length);
  return query.startsWith(AFTER) && isVersion(version) ? version : null;
}

function parseMedia(path: string): RequestTarget | undefined {
  const init = INIT.exec(path);
  if (init !== null) {
    return { kind: 'init', playbackId: init[1] ?? '', rendition: init[2] ?? '', epoch: Number(init[3]) };
  }
  const media = MEDIA.exec(path);
  if (media === null) return undefined;
  const name = {
    playbackId: media[1] ?? '',
    rendition: media[2] ?? '',
    epoch: Number(media[3]),
    msn: Number(media[4]),
  };
  return media[5] === undefined ? { kind: 'segment', ...name } : { kind: 'part', ...name, part: Number(media[5]) };
}
