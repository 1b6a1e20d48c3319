import type { IncomingHttpHeaders } from 'node:http';
import {
  blockingPlaylistCacheControl,
  type HlsFileKindName,
  hlsFileKind,
  mediaContentType,
  NOT_FOUND_CACHE_CONTROL,
} from '#domain/hls-files.ts';
import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import type { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { applyRange } from './byte-range.ts';
import { type DeliveryDirectives, NO_DIRECTIVES, parseDirectives, tooFarAhead } from './delivery-directives.ts';
import { CORS_HEADERS, errorResponse, type OriginResponse } from './origin-response.ts';
import { PlaylistCache, type RenderedPlaylist } from './playlist-cache.ts';
import { parseRequestTarget, type RequestTarget, type StatusTarget, type StreamTarget } from './request-target.ts';
import { isVersionOf, withVersion } from './status-version.ts';
import { StatusWaits } from './status-waits.ts';

/** The parts of an HTTP request that the origin needs. */
export interface OriginRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly acceptsGzip: boolean;
  /** Aborts when the client goes away or the server shuts down. */
  readonly signal: AbortSignal;
}

/** A stream that this task holds. */
export interface OriginStream {
  readonly currentPackage: StreamPackage;
  /** Ended packages before that one, newest first. Players that have not heard of the end still ask for what is in them. */
  readonly formerPackages: readonly StreamPackage[];
  readonly statusBody: PlaybackStatusBody;
  /** Whether nothing of it is here any more. Its status does not change then. */
  readonly isGone: boolean;
  /** Resolves to false if another task has the stream, or may have it. */
  mayAnswer(): Promise<boolean>;
  /** Waits until a live stream has something to play here. Resolves to false after the time, or when `signal` aborts. */
  arrives(timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}

/** A media playlist, or media. */
type FileTarget = RequestTarget & { readonly kind: 'media-playlist' | 'init' | 'segment' | 'part' };

/** Returns the stream of a playback id, if this task may answer for it. */
export type FindStream = (playbackId: string) => Promise<OriginStream | undefined>;

/** The title that a stream has now. Undefined if that is not known soon. Never rejects. */
export type TitleOf = (playbackId: string) => Promise<string | undefined>;

/** Answers for a stream that this task does not hold. */
export type AnswerElsewhere<Answer> = (target: StreamTarget, request: OriginRequest) => Promise<Answer>;

/** A blocked request gives up after this many target durations (RFC 8216bis 6.2.5.2). */
export const BLOCK_TARGET_DURATIONS = 3;
/** Shorter than any player waits for a playlist. */
const INTERRUPTED_LIMIT_MS = 4_000;
/** After so many parts of silence, there is no publisher, or its network stands still. */
const SILENT_PARTS = 2;
export const NOT_FOUND = errorResponse(404, 'not found', { 'cache-control': NOT_FOUND_CACHE_CONTROL });
export const NOT_IN_TIME = errorResponse(503, 'the stream has not come that far in time', { 'retry-after': '1' });

/** Answers GET requests for playlists and media. Its only effect is to wait for the streams. */
export class OriginHandler {
  readonly #findStream: FindStream;
  readonly #statusWaits: StatusWaits;
  readonly #titleOf: TitleOf;
  readonly #playlists = new PlaylistCache();

  constructor(findStream: FindStream, statusWaits = new StatusWaits(), titleOf: TitleOf = async () => undefined) {
    this.#findStream = findStream;
    this.#statusWaits = statusWaits;
    this.#titleOf = titleOf;
  }

  async handle<Answer>(request: OriginRequest, elsewhere: AnswerElsewhere<Answer>): Promise<OriginResponse | Answer> {
    const target = parseRequestTarget(request.url);
    if (target === undefined) return NOT_FOUND;
    if (target.kind === 'health') return health();
    const stream = await this.#findStream(target.playbackId);
    if (stream === undefined) return elsewhere(target, request);
    const answer = await this.#answer(stream, target, request);
    // Another task may have taken the stream over meanwhile. Then this answer is old.
    return (await stream.mayAnswer()) ? inRange(answer, request) : elsewhere(target, request);
  }

  async #answer(held: OriginStream, target: StreamTarget, request: OriginRequest): Promise<OriginResponse> {
    if (target.kind === 'status') return this.#status(held, target, request);
    if (target.kind === 'multivariant-playlist' || target.kind === 'media-playlist') {
      const limitMs = BLOCK_TARGET_DURATIONS * held.currentPackage.targetDurationSeconds * 1000;
      if (!(await held.arrives(limitMs, request.signal))) return NOT_IN_TIME;
    }
    if (target.kind === 'multivariant-playlist') return this.#multivariantPlaylist(held.currentPackage, request);
    const stream = packageOf(target, held);
    const timeline = stream.renditions.get(target.rendition);
    if (timeline === undefined) return NOT_FOUND;
    return target.kind === 'media-playlist'
      ? this.#mediaPlaylist(stream, timeline, target, request)
      : mediaFile(stream, timeline, target, request);
  }

  /** A stream may have got another title since it was published. Whoever waits hears of that when the wait is over. */
  async #status(held: OriginStream, target: StatusTarget, { signal }: OriginRequest): Promise<OriginResponse> {
    const { playbackId, after } = target;
    const title = await this.#titleOf(playbackId);
    if (after === null) return statusResponse(target, withTitle(held.statusBody, title));
    const hasChanged = () => held.isGone || !isVersionOf(after, withTitle(held.statusBody, title));
    await this.#statusWaits.until(playbackId, hasChanged, this.#statusWaits.limitMs, signal);
    return statusResponse(target, withTitle(held.statusBody, await this.#titleOf(playbackId)));
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
    } else if (isDelta) {
      await untilContinued(stream, timeline, request.signal);
    }
    if (!isShowable(stream, timeline)) return NOT_FOUND;
    const playlist = this.#playlists.media(stream, target.rendition, timeline, isDelta && !timeline.ended);
    const blocking = { 'cache-control': blockingPlaylistCacheControl(stream.targetDurationSeconds) };
    const blockingHeaders = msn === null ? {} : blocking;
    return playlistResponse('media-playlist', playlist, request, blockingHeaders);
  }
}

/**
 * The package that a file belongs to, or in whose playlist a player waits: media sequence numbers and epochs only rise. A request
 * without a position is for the current package.
 */
function packageOf(target: FileTarget, { currentPackage, formerPackages }: OriginStream): StreamPackage {
  const isIn = ({ renditions, firstMsn }: StreamPackage): boolean => {
    if (target.kind !== 'media-playlist')
      return renditions.get(target.rendition)?.initSection(target.epoch) !== undefined;
    const { msn } = toDirectives(target.query);
    return msn === null || msn >= firstMsn;
  };
  if (formerPackages.length === 0) return currentPackage;
  return [currentPackage, ...formerPackages].find(isIn) ?? currentPackage;
}

function toDirectives(query: string): DeliveryDirectives {
  const directives = parseDirectives(query);
  return typeof directives === 'string' ? NO_DIRECTIVES : directives;
}

/** Ignores the range if there is an If-Range: our responses have no validator to match (RFC 9110 13.1.5). */
function inRange(answer: OriginResponse, { method, headers }: OriginRequest): OriginResponse {
  return method === 'HEAD' || headers['if-range'] !== undefined ? answer : applyRange(answer, headers.range);
}

/** The answer for a file of a stream that no task holds. */
export function unknownStream(target: StreamTarget): OriginResponse {
  return target.kind === 'status' ? statusResponse(target, { status: 'unknown' }) : NOT_FOUND;
}

function health(): OriginResponse {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status: 200, headers, body: [Buffer.from('{"status":"alive"}\n')] };
}

/** The body with another title, if there is one. Its members stay in order, so that all tasks give it one version. */
export function withTitle({ status, ...rest }: PlaybackStatusBody, title: string | undefined): PlaybackStatusBody {
  const { title: former, ...others } = rest;
  const shown = title ?? former;
  return { status, ...(shown !== undefined && { title: shown }), ...others };
}

/** For pages that wait for a stream to start. Answers for every id, because browsers log each 404 as an error. */
export function statusResponse({ after }: StatusTarget, status: PlaybackStatusBody): OriginResponse {
  const body = withVersion(status, after);
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

/**
 * Holds a player's look for news while the stream has no run, or no publisher, until there is another part. hls.js 1.7.4 gives a
 * blocking request up after three parts or 0.8 target durations, and then looks once a second. Viewers would see up to a second later
 * that the publisher is back.
 */
async function untilContinued(stream: StreamPackage, timeline: RenditionTimeline, signal: AbortSignal): Promise<void> {
  const limitMs = Math.min(INTERRUPTED_LIMIT_MS, BLOCK_TARGET_DURATIONS * stream.targetDurationSeconds * 1000);
  const silenceMs = SILENT_PARTS * stream.partTargetSeconds * 1000;
  await timeline.waitUntil(() => !timeline.isInterrupted(silenceMs), limitMs, signal);
}

async function mediaFile(
  stream: StreamPackage,
  timeline: RenditionTimeline,
  target: RequestTarget & { kind: 'init' | 'segment' | 'part' },
  request: OriginRequest,
): Promise<OriginResponse> {
  if (target.kind === 'init') {
    const init = timeline.initSection(target.epoch);
    return init === undefined ? NOT_FOUND : mediaResponse(target, [init]);
  }
  const find = () => timeline.segment(target.epoch, target.msn);
  if (target.kind === 'segment') {
    const segment = find();
    return segment?.isComplete
      ? mediaResponse(
          target,
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
  return part === undefined ? NOT_FOUND : mediaResponse(target, [part.data]);
}

function isNextPart(timeline: RenditionTimeline, target: RequestTarget & { kind: 'part' }): boolean {
  const next = timeline.nextPart();
  return next?.epoch === target.epoch && next.msn === target.msn && next.part === target.part;
}

function mediaResponse(
  { kind, rendition }: RequestTarget & { kind: 'init' | 'segment' | 'part' },
  body: readonly Buffer[],
): OriginResponse {
  const contentType = mediaContentType(kind, rendition);
  return {
    status: 200,
    headers: { ...fileHeaders(kind), 'content-type': contentType, 'accept-ranges': 'bytes' },
    body,
  };
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
