import type { FindingList } from './finding-list.ts';
import type { TimedResponse } from './http-client.ts';
import { toMediaFile } from './media/media-file.ts';
import { MediaJudge } from './media-judge.ts';
import { ObservedFiles } from './observed-files.ts';
import { compareEnds, endOf, fileKey, type MediaPlaylist, parseMediaPlaylist } from './playlist/media-playlist.ts';
import { goesOnWith, partAfter } from './playlist/placed-part.ts';
import { filePath, folderOf, isDirective, namedPath, playlistPath } from './playlist/playlist-uris.ts';
import { type PlaylistProgress, ProgressRecord, playlistTypeOf } from './playlist-progress.ts';
import { DIRECTIVE_RULES } from './rules/directive-rules.ts';
import { RANGE_RULES } from './rules/iframe-rules.ts';
import { STANDSTILL_RULES } from './rules/liveness-rules.ts';
import { MEDIA_PLAYLIST_RULES } from './rules/media-playlist-rules.ts';
import type { ObservedRendition } from './rules/observed-rendition.ts';
import { PART_RULES } from './rules/part-rules.ts';
import { HINT_RULES, MEDIA_ANSWER_RULES } from './rules/request-rules.ts';
import { SYNTAX_RULES } from './rules/syntax-rules.ts';
import { UPDATE_RULES } from './rules/update-rules.ts';
import { SegmentHistory } from './segment-history.ts';
import { UnhintedSegments } from './unhinted-segments.ts';

/** A playlist's answer without what is not needed of it. Without headers it did not come over HTTP. */
export type PlaylistResponse = Pick<TimedResponse, 'url' | 'status' | 'body' | 'startedAtMs' | 'endedAtMs'> &
  Partial<Pick<TimedResponse, 'headers'>> & {
    /** The Range header of the request. @default none */
    readonly range?: string;
  };

const PART_KEPT_TARGETS = 3;
/** A request has come to the server before another one that was sent so much later. */
const ARRIVAL_MS = 1_000;
const OK = 200;
const PARTIAL = 206;
const SERVER_ERROR = 500;

/** One media playlist: all answers for it, and for the media that it names. */
export class ObservedPlaylist {
  readonly path: string;
  readonly progress = new ProgressRecord();
  /** Whether an EXT-X-I-FRAME-STREAM-INF names it. Null if no multivariant playlist names it. */
  isIFramePlaylist: boolean | null = null;
  readonly #findings: FindingList;
  readonly #place: string;
  readonly #history = new SegmentHistory();
  readonly #files: ObservedFiles;
  readonly #judge: MediaJudge;
  #lastText = '';
  readonly #unhinted = new UnhintedSegments();
  #hasIFramesOnly = false;
  /** When there was something new, or a reason why there is not. */
  #movedAtMs: number | null = null;

  constructor(path: string, place: string, findings: FindingList) {
    this.path = path;
    this.#place = place;
    this.#findings = findings;
    const toPath = (uri: string): string => this.#filePath(uri);
    this.#files = new ObservedFiles(toPath);
    this.#judge = new MediaJudge({ history: this.#history, findings, place, toPath });
  }

  /** Whether a text of the playlist is that of another presentation, which follows this one after its end. */
  isFollowedBy(text: string): boolean {
    const { latest } = this.progress;
    return latest?.isEnded === true && parseMediaPlaylist(text).mediaSequence > latest.end.msn;
  }

  get targetDurationSeconds(): number | null {
    return this.progress.latest?.targetDurationSeconds ?? null;
  }

  /** The date at which a segment's first parts end, in milliseconds since 1970. Null if it is not known. */
  endMs(msn: number, partCount: number): number | null {
    return this.#history.endMs(msn, partCount);
  }

  /** The path of a playlist that this one names. */
  resolve(uri: string): string {
    return namedPath(uri, `http://stream${this.path}`, playlistPath);
  }

  /** Whether it has named a file, whole or a range of it. */
  names(path: string): boolean {
    return this.#files.names(path);
  }

  /** Adds an answer for the playlist. Returns it parsed, or null if it is a refusal. */
  add(response: PlaylistResponse): MediaPlaylist | null {
    const { url, status, startedAtMs, endedAtMs } = response;
    const query = new URL(url, 'http://stream').searchParams;
    const before = this.progress.before(startedAtMs);
    const playlist = status === OK ? this.#addText(response, query.has('_HLS_skip'), before) : null;
    this.#checkMoves(response, query.has('_HLS_msn'), playlist);
    const ageMs = Number(response.headers?.age ?? 0) * 1000;
    if (playlist !== null) this.progress.add(playlist, { startedAtMs: startedAtMs - ageMs, endedAtMs });
    const after = this.progress.latest;
    if (before !== null && after !== null && [...query.keys()].some(isDirective)) {
      const soon = this.progress.askedAfter(startedAtMs + ARRIVAL_MS);
      this.#findings.check(DIRECTIVE_RULES, this.#place, { query, status, playlist, before, soon, after });
    }
    return playlist;
  }

  /** Adds an answer for a file that the playlist may name. `hasChanged`: it has other bytes than before. */
  addMedia(response: PlaylistResponse, { isInit, hasChanged }: { isInit: boolean; hasChanged: boolean }): void {
    const { url, body, startedAtMs, range = null } = response;
    const path = filePath(new URL(url, 'http://stream'));
    const key = fileKey(path, range);
    const uri = this.#uriOf(key);
    const listing = this.#files.listing(key);
    // An I-frame playlist shares its folder and its files with a media playlist.
    if (listing === undefined && (range !== null || (this.#hasIFramesOnly && !isInit))) return;
    const status = range !== null && response.status === PARTIAL ? OK : response.status;
    if (range !== null && status === OK) this.#checkRange(response, range);
    const targetMs = (this.targetDurationSeconds ?? 1) * 1000;
    const { isPart = false, durationSeconds = 0, goneAtMs = null } = listing ?? {};
    const isListed = listing !== undefined && listing.listedAtMs <= startedAtMs;
    this.#findings.check(MEDIA_ANSWER_RULES, this.#place, {
      ...{ uri, status, isPart, hasChanged },
      isListed: isListed && goneAtMs === null,
      goneTargets: goneAtMs === null ? null : (startedAtMs - goneAtMs) / targetMs,
      keptTargets: isPart
        ? PART_KEPT_TARGETS
        : ((durationSeconds + this.#files.longestPlaylistSeconds) * 1000) / targetMs,
    });
    if (!isListed) {
      this.#files.answerHint(key, status);
      if (listing !== undefined) this.#checkHint(key);
    }
    if (status === OK) this.#judge.addFile(toMediaFile(key, body));
  }

  #checkRange({ url, status, headers, body }: PlaylistResponse, range: string): void {
    if (headers === undefined) return;
    const uri = this.#uriOf(filePath(new URL(url, 'http://stream')));
    const contentRange = String(headers['content-range'] ?? '');
    this.#findings.check(RANGE_RULES, this.#place, { uri, range, status, contentRange, bodyBytes: body.length });
  }

  finish(): void {
    this.#judge.finish();
  }

  /** All that was seen. */
  observed(): ObservedRendition {
    const { targetDurationSeconds = null, partTargetSeconds = null } = this.progress.latest ?? {};
    const isIFramePlaylist = this.isIFramePlaylist ?? this.#hasIFramesOnly;
    return {
      ...{ path: this.#place, targetDurationSeconds, partTargetSeconds, isIFramePlaylist },
      ...{ segments: this.#judge.measured, track: this.#judge.track, tracks: this.#judge.tracks },
    };
  }

  /** A stream whose plain playlist is refused is down, which is no standstill. A held request is refused because of one. */
  #checkMoves(
    { status, headers, startedAtMs, endedAtMs }: PlaylistResponse,
    isBlocking: boolean,
    playlist: MediaPlaylist | null,
  ): void {
    const known = this.progress.latest;
    const isNewer = playlist !== null && (known === null || compareEnds(endOf(playlist), known.end) > 0);
    if (isNewer || (status >= SERVER_ERROR && !isBlocking)) this.#movedAtMs = endedAtMs;
    const isLive = playlist !== null && !playlist.isEnded && playlistTypeOf(playlist) !== 'VOD';
    if (headers === undefined || isNewer || !isLive || this.#movedAtMs === null) return;
    this.#findings.check(STANDSTILL_RULES, this.#place, {
      stoodSeconds: (startedAtMs - this.#movedAtMs) / 1000 - Number(headers.age ?? 0),
      targetDurationSeconds: known?.targetDurationSeconds ?? 0,
    });
  }

  #addText(
    { body, endedAtMs }: PlaylistResponse,
    isDeltaAllowed: boolean,
    before: PlaylistProgress | null,
  ): MediaPlaylist {
    const text = body.toString();
    const playlist = parseMediaPlaylist(text);
    this.#hasIFramesOnly = playlist.hasIFramesOnly;
    if (text !== this.#lastText) {
      const { lines } = playlist;
      const isIFramePlaylist = this.isIFramePlaylist;
      this.#findings.check(SYNTAX_RULES, this.#place, { bytes: body, lines, isMultivariant: false });
      this.#findings.check([...MEDIA_PLAYLIST_RULES, ...PART_RULES], this.#place, {
        playlist,
        isDeltaAllowed,
        isIFramePlaylist,
      });
    }
    this.#lastText = text;
    const changes = this.#history.add(playlist);
    if (before !== null) {
      const hasHintedPart = before.hint !== null && this.#files.hintStatus(this.#filePath(before.hint)) === OK;
      const next = partAfter(playlist, before.end);
      const hasBegun = next !== null && !goesOnWith(next, before.end);
      const unhintedSegments = hasBegun ? this.#unhinted.add(next, before.hint) : 0;
      const update = { playlist, before, changes, hasHintedPart, next, unhintedSegments };
      this.#findings.check(UPDATE_RULES, this.#place, update);
    }
    for (const path of this.#files.add(playlist, endedAtMs)) this.#checkHint(path);
    this.#judge.addPlaylist(playlist);
    return playlist;
  }

  #checkHint(path: string): void {
    const status = this.#files.hintStatus(path);
    if (status === null) return;
    this.#findings.check(HINT_RULES, this.#place, { uri: this.#uriOf(path), status, isListed: true });
  }

  #filePath(uri: string): string {
    return namedPath(uri, `http://stream${this.path}`, filePath);
  }

  /** Playlists name the files of their own folder by their names. */
  #uriOf(path: string): string {
    const folder = folderOf(this.path);
    return path.startsWith(folder) ? path.slice(folder.length) : path;
  }
}
