import {
  BLOCKING_PLAYLIST_CACHE_CONTROL,
  type HlsFileKindName,
  hlsFileKind,
  NOT_FOUND_CACHE_CONTROL,
} from '#domain/hls-files.ts';
import type { PlaybackStatusBody } from '#domain/playback-ids.ts';
import type { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { NO_DIRECTIVES, parseDirectives, tooFarAhead } from './delivery-directives.ts';
import { CORS_HEADERS, errorResponse, type OriginResponse } from './origin-response.ts';
import { PlaylistCache, type RenderedPlaylist } from './playlist-cache.ts';
import { parseRequestTarget, type RequestTarget } from './request-target.ts';

/** The parts of an HTTP request that the origin needs. */
export interface OriginRequest {
  readonly url: string;
  readonly acceptsGzip: boolean;
  /** Aborts when the client goes away or the server shuts down. */
  readonly signal: AbortSignal;
}

/** Returns the stream with a playback id, or undefined if none is live or still kept. */
export type FindStream = (playbackId: string) => StreamPackage | undefined;

/** A blocked request gives up after this many target durations (RFC 8216bis 6.2.5.2). */
const BLOCK_TARGET_DURATIONS = 3;
const NOT_FOUND = errorResponse(404, 'not found', { 'cache-control': NOT_FOUND_CACHE_CONTROL });
const NOT_IN_TIME = errorResponse(503, 'the stream has not come that far in time', { 'retry-after': '1' });

/** Answers GET requests for playlists and media. Its only effect is to wait for the streams. */
export class OriginHandler {
  readonly #findStream: FindStream;
  readonly #playlists = new PlaylistCache();

  constructor(findStream: FindStream) {
    this.#findStream = findStream;
  }

  async handle(request: OriginRequest): Promise<OriginResponse> {
    const target = parseRequestTarget(request.url);
    if (target === undefined) return NOT_FOUND;
    if (target.kind === 'health') return health();
    const stream = this.#findStream(target.playbackId);
    if (target.kind === 'status') return playbackStatus(stream);
    if (stream === undefined) return NOT_FOUND;
    if (target.kind === 'multivariant-playlist') return this.#multivariantPlaylist(stream, request);
    const timeline = stream.renditions.get(target.rendition);
    if (timeline === undefined) return NOT_FOUND;
    return target.kind === 'media-playlist'
      ? this.#mediaPlaylist(stream, timeline, target, request)
      : mediaFile(stream, timeline, target, request);
  }

  #multivariantPlaylist(stream: StreamPackage, request: OriginRequest): OriginResponse {
    const playlist = this.#playlists.multivariant(stream);
    if (playlist === undefined) return NOT_FOUND;
    return playlistResponse('multivariant-playlist', playlist, request);
  }

  async #mediaPlaylist(
    stream: StreamPackage,
    timeline: RenditionTimeline,
    target: RequestTarget & { kind: 'media-playlist' },
    request: OriginRequest,
  ): Promise<OriginResponse> {
    const directives = timeline.ended ? NO_DIRECTIVES : parseDirectives(target.query);
    if (typeof directives === 'string') return errorResponse(400, directives);
    const { msn, part, isDelta } = directives;
    if (msn !== null) {
      const refusal = tooFarAhead({ msn, part }, timeline, stream);
      if (refusal !== null) return errorResponse(400, refusal);
      const isReady = (): boolean => timeline.ended || timeline.contains({ msn, part });
      if (!(await waitFor(stream, timeline, isReady, request.signal))) return NOT_IN_TIME;
    }
    if (!isShowable(stream, timeline)) return NOT_FOUND;
    const playlist = this.#playlists.media(stream, target.rendition, timeline, isDelta && !timeline.ended);
    const blockingHeaders = msn === null ? {} : { 'cache-control': BLOCKING_PLAYLIST_CACHE_CONTROL };
    return playlistResponse('media-playlist', playlist, request, blockingHeaders);
  }
}

function health(): OriginResponse {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status: 200, headers, body: [Buffer.from('{"status":"alive"}\n')] };
}

/** For pages that wait for a stream to start. Answers for every id, because browsers log each 404 as an error. */
function playbackStatus(stream: StreamPackage | undefined): OriginResponse {
  const isPlayable = stream !== undefined && stream.playableRun !== null;
  const body: PlaybackStatusBody = { status: !isPlayable ? 'idle' : stream.ended ? 'ended' : 'live' };
  return { status: 200, headers: fileHeaders('status'), body: [Buffer.from(JSON.stringify(body))] };
}

/** Players give up on a playlist without a segment or part, so it does not exist until there is one. */
function isShowable(stream: StreamPackage, timeline: RenditionTimeline): boolean {
  const newest = timeline.listed();
  return stream.profile.partSeconds === null ? newest.some((segment) => segment.isComplete) : newest.length > 0;
}

function waitFor(
  stream: StreamPackage,
  timeline: RenditionTimeline,
  isReady: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  return timeline.waitUntil(isReady, BLOCK_TARGET_DURATIONS * stream.targetDurationSeconds * 1000, signal);
}

async function mediaFile(
  stream: StreamPackage,
  timeline: RenditionTimeline,
  target: RequestTarget & { kind: 'init' | 'segment' | 'part' },
  request: OriginRequest,
): Promise<OriginResponse> {
  if (target.kind === 'init') {
    const init = timeline.initSection(target.epoch);
    return init === undefined ? NOT_FOUND : mediaResponse('init', [init]);
  }
  const find = () => timeline.segment(target.epoch, target.msn);
  if (target.kind === 'segment') {
    const segment = find();
    return segment?.isComplete
      ? mediaResponse(
          'segment',
          segment.parts.map((part) => part.data),
        )
      : NOT_FOUND;
  }
  if (isNextPart(timeline, target)) {
    // The playlist announced this part (EXT-X-PRELOAD-HINT), so it is being made. Answers when it is complete, or when its run ends without it.
    const isDecided = (): boolean => !isNextPart(timeline, target);
    if (!(await waitFor(stream, timeline, isDecided, request.signal))) return NOT_IN_TIME;
  }
  const part = find()?.parts[target.part];
  return part === undefined ? NOT_FOUND : mediaResponse('part', [part.data]);
}

function isNextPart(timeline: RenditionTimeline, target: RequestTarget & { kind: 'part' }): boolean {
  const next = timeline.nextPart();
  return next?.epoch === target.epoch && next.msn === target.msn && next.part === target.part;
}

function mediaResponse(kind: HlsFileKindName, body: readonly Buffer[]): OriginResponse {
  return { status: 200, headers: { ...fileHeaders(kind), 'accept-ranges': 'bytes' }, body };
}

function playlistResponse(
  kind: HlsFileKindName,
  playlist: RenderedPlaylist,
  request: OriginRequest,
  blockingHeaders: Readonly<Record<string, string>> = {},
): OriginResponse {
  const headers = { ...fileHeaders(kind), vary: 'Accept-Encoding', ...blockingHeaders };
  return request.acceptsGzip
    ? { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: [playlist.gzip] }
    : { status: 200, headers, body: [playlist.plain] };
}

function fileHeaders(kind: HlsFileKindName): Record<string, string> {
  const { contentType, cacheControl } = hlsFileKind(kind);
  return { 'content-type': contentType, 'cache-control': cacheControl, ...CORS_HEADERS };
}
