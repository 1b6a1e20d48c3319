import type { IncomingHttpHeaders } from 'node:http';
import type { HealthReport } from '#domain/health-report.ts';
import { blockingPlaylistCacheControl, type HlsFileKindName } from '#domain/hls-files.ts';
import { AUDIO_RENDITION } from '#domain/ladders.ts';
import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import type { NoPoster } from '#encoder/package/poster-source.ts';
import type { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { applyRange } from './byte-range.ts';
import { type DeliveryDirectives, NO_DIRECTIVES, parseDirectives, tooFarAhead } from './delivery-directives.ts';
import { type MediaTarget, mediaFile } from './media-file.ts';
import {
  errorResponse,
  fileHeaders,
  type GrowingResponse,
  NOT_FOUND,
  NOT_IN_TIME,
  type OriginResponse,
} from './origin-response.ts';
import { PlaylistCache, type RenderedPlaylist } from './playlist-cache.ts';
import { parseRequestTarget, type RequestTarget, type StatusTarget, type StreamTarget } from './request-target.ts';
import { StatusDigests } from './status-digests.ts';
import { isVersionOf, withVersion } from './status-version.ts';
import { StatusWaits } from './status-waits.ts';
import { BLOCK_TARGET_DURATIONS, untilReady } from './until-ready.ts';

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
  /** How it is published, for those who broadcast. */
  healthReport(): HealthReport;
  /** Its newest picture as a JPEG, or why there is none. Never rejects. */
  poster(): Promise<Buffer | NoPoster>;
  /** Whether nothing of it is here any more. Its status does not change then. */
  readonly isGone: boolean;
  /** Resolves to false if another task has the stream, or may have it. */
  mayAnswer(): Promise<boolean>;
  /** Waits until a live stream has something to play here. Resolves to false after the time, or when `signal` aborts. */
  arrives(timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}

/** A playlist of one rendition, or media. */
type FileTarget = MediaTarget | (RequestTarget & { readonly kind: 'media-playlist' | 'iframe-playlist' });

/** What is answered from a stream. */
type HeldTarget = Exclude<StreamTarget, { kind: 'time' }>;

/** Returns the stream of a playback id, if this task may answer for it. */
export type FindStream = (playbackId: string) => Promise<OriginStream | undefined>;

/** The title that a stream has now. Undefined if that is not known soon. Never rejects. */
export type TitleOf = (playbackId: string) => Promise<string | undefined>;

/** Answers for a stream that this task does not hold. */
export type AnswerElsewhere<Answer> = (target: StreamTarget, request: OriginRequest) => Promise<Answer>;

const NO_POSTER_NOW = errorResponse(503, 'the picture can not be made now', { 'retry-after': '5' });
/** Shorter than any player waits for a playlist. */
const INTERRUPTED_LIMIT_MS = 4_000;

export interface OriginHandlerOptions {
  readonly findStream: FindStream;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** @default waits of its own */
  readonly statusWaits?: StatusWaits;
  /** @default no stream has another title than it was published with */
  readonly titleOf?: TitleOf;
}

/** Answers GET requests for playlists and media. Its only effect is to wait for the streams. */
export class OriginHandler {
  readonly #findStream: FindStream;
  readonly #now: () => number;
  readonly #statusWaits: StatusWaits;
  readonly #titleOf: TitleOf;
  readonly #playlists = new PlaylistCache();
  readonly #digests = new StatusDigests();

  constructor(options: OriginHandlerOptions) {
    const { findStream, now, statusWaits = new StatusWaits(), titleOf = async () => undefined } = options;
    this.#findStream = findStream;
    this.#now = now;
    this.#statusWaits = statusWaits;
    this.#titleOf = titleOf;
  }

  async handle<Answer>(
    request: OriginRequest,
    elsewhere: AnswerElsewhere<Answer>,
  ): Promise<OriginResponse | GrowingResponse | Answer> {
    const target = parseRequestTarget(request.url);
    if (target === undefined) return NOT_FOUND;
    if (target.kind === 'health') return health();
    if (target.kind === 'time') return timeResponse(this.#now() + target.aheadMs);
    const stream = await this.#findStream(target.playbackId);
    if (stream === undefined) return elsewhere(target, request);
    const answer = await this.#answer(stream, target, request);
    // Another task may have taken the stream over meanwhile. Then this answer is old.
    return (await stream.mayAnswer()) ? inRange(answer, request) : elsewhere(target, request);
  }

  async #answer(
    held: OriginStream,
    target: HeldTarget,
    request: OriginRequest,
  ): Promise<OriginResponse | GrowingResponse> {
    if (target.kind === 'status') return this.#status(held, target, request);
    if (target.kind === 'stream-health') return jsonResponse('stream-health', held.healthReport());
    if (target.kind === 'poster') return posterResponse(await held.poster());
    if (isPlaylist(target)) {
      const limitMs = BLOCK_TARGET_DURATIONS * held.currentPackage.targetDurationSeconds * 1000;
      if (!(await held.arrives(limitMs, request.signal))) return NOT_IN_TIME;
    }
    if (target.kind === 'multivariant-playlist' || target.kind === 'dash-manifest') {
      return this.#forWholeStream(target.kind, held.currentPackage, request);
    }
    const stream = packageOf(target, held);
    const timeline = stream.renditions.get(target.rendition);
    if (timeline === undefined) return NOT_FOUND;
    if (target.kind === 'media-playlist') return this.#mediaPlaylist(stream, timeline, target, request);
    if (target.kind === 'iframe-playlist') return this.#iframePlaylist(stream, timeline, target.rendition, request);
    return mediaFile(stream, timeline, target, request.signal);
  }

  /** A stream may have got another title since it was published. Whoever waits hears of that when the wait is over. */
  async #status(held: OriginStream, target: StatusTarget, request: OriginRequest): Promise<OriginResponse> {
    const { playbackId, after } = target;
    const timeoutMs = this.#statusWaits.remainingMs(request);
    const title = await this.#titleOf(playbackId);
    if (after === null) return statusResponse(target, withTitle(held.statusBody, title));
    const digest = () => this.#digests.find(held, title, () => withTitle(held.statusBody, title));
    const hasChanged = () => held.isGone || !isVersionOf(after, digest());
    const wait = { playbackId, isHeld: true, timeoutMs, signal: request.signal };
    await this.#statusWaits.until(wait, hasChanged);
    return statusResponse(target, withTitle(held.statusBody, await this.#titleOf(playbackId)));
  }

  #forWholeStream(
    kind: 'multivariant-playlist' | 'dash-manifest',
    stream: StreamPackage,
    request: OriginRequest,
  ): OriginResponse {
    const playlist =
      kind === 'dash-manifest'
        ? this.#playlists.dashManifest(stream, this.#now())
        : this.#playlists.multivariant(stream);
    return playlist === undefined ? NOT_FOUND : playlistResponse(kind, playlist, request);
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
      if (!(await untilReady(stream, timeline, isReady, request.signal))) return NOT_IN_TIME;
    } else if (isDelta) {
      await untilContinued(stream, timeline, request.signal);
    }
    if (!isShowable(stream, timeline)) return NOT_FOUND;
    const playlist = this.#playlists.media(stream, target.rendition, timeline, isDelta && !timeline.ended);
    const blocking = { 'cache-control': blockingPlaylistCacheControl(stream.targetDurationSeconds) };
    const blockingHeaders = msn === null ? {} : blocking;
    return playlistResponse('media-playlist', playlist, request, blockingHeaders);
  }

  /** Sound has no I-frames. Players that know nothing of parts load it, so directives mean nothing. */
  #iframePlaylist(
    stream: StreamPackage,
    timeline: RenditionTimeline,
    name: string,
    request: OriginRequest,
  ): OriginResponse {
    if (name === AUDIO_RENDITION || timeline.newestComplete() === undefined) return NOT_FOUND;
    return playlistResponse('iframe-playlist', this.#playlists.iframes(stream, name, timeline), request);
  }
}

/**
 * The package that a file belongs to, or in whose playlist a player waits: media sequence numbers and epochs only rise. A request
 * without a position is for the current package.
 */
function packageOf(target: FileTarget, { currentPackage, formerPackages }: OriginStream): StreamPackage {
  const isIn = ({ renditions, firstMsn }: StreamPackage): boolean => {
    if (target.kind === 'iframe-playlist') return true;
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
function inRange(
  answer: OriginResponse | GrowingResponse,
  { method, headers }: OriginRequest,
): OriginResponse | GrowingResponse {
  // RFC 9110 14.2 lets a server ignore ranges.
  if ('parts' in answer) return answer;
  return method === 'HEAD' || headers['if-range'] !== undefined ? answer : applyRange(answer, headers.range);
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

/** For DASH players, which compare their clocks (ISO/IEC 23009-1 5.8.4.11). */
function timeResponse(nowMs: number): OriginResponse {
  return { status: 200, headers: fileHeaders('time'), body: [Buffer.from(new Date(nowMs).toISOString())] };
}

/** For pages that wait for a stream to start. Answers for every id, because browsers log each 404 as an error. */
export function statusResponse({ after }: StatusTarget, status: PlaybackStatusBody): OriginResponse {
  return jsonResponse('status', withVersion(status, after));
}

function posterResponse(poster: Buffer | NoPoster): OriginResponse {
  if (poster === 'no-picture') return NOT_FOUND;
  if (poster === 'not-now') return NO_POSTER_NOW;
  return { status: 200, headers: fileHeaders('poster'), body: [poster] };
}

const jsonResponse = (kind: HlsFileKindName, body: unknown): OriginResponse => ({
  status: 200,
  headers: fileHeaders(kind),
  body: [Buffer.from(JSON.stringify(body))],
});

const isPlaylist = ({ kind }: HeldTarget): boolean =>
  kind === 'multivariant-playlist' ||
  kind === 'media-playlist' ||
  kind === 'iframe-playlist' ||
  kind === 'dash-manifest';

/** Players give up on a playlist without a segment or part, so it does not exist until there is one. */
function isShowable(stream: StreamPackage, timeline: RenditionTimeline): boolean {
  const newest = timeline.listed();
  return stream.profile.partSeconds === null ? newest.some((segment) => segment.isComplete) : newest.length > 0;
}

/**
 * Holds a player's look for news while the stream has no run, or no publisher, until there is another part. hls.js 1.7.4 gives a
 * blocking request up after three parts or 0.8 target durations, and then looks once a second. Viewers would see up to a second later
 * that the publisher is back.
 */
async function untilContinued(stream: StreamPackage, timeline: RenditionTimeline, signal: AbortSignal): Promise<void> {
  const limitMs = Math.min(INTERRUPTED_LIMIT_MS, BLOCK_TARGET_DURATIONS * stream.targetDurationSeconds * 1000);
  await timeline.waitUntil(() => !timeline.isInterrupted(stream.silenceMs), limitMs, signal);
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
