import { BoundedMap } from './bounded-map.ts';
import { FindingList, type HlsFinding } from './finding-list.ts';
import { toMediaFile } from './media/media-file.ts';
import { ObservedPlaylist, type PlaylistResponse } from './observed-playlist.ts';
import { lengthSeconds, type MediaPlaylist } from './playlist/media-playlist.ts';
import {
  isMultivariant,
  type MultivariantPlaylist,
  namedPlaylistUris,
  parseMultivariantPlaylist,
} from './playlist/multivariant-playlist.ts';
import { extensionOf, filePath, folderOf, namedPath, playlistPath } from './playlist/playlist-uris.ts';
import type { PlaylistProgress } from './playlist-progress.ts';
import { withPromises } from './promised-variants.ts';
import { ReportedLags } from './reported-lags.ts';
import type { HlsRule } from './rule.ts';
import { ANSWER_RULES, type AnsweredKind } from './rules/answer-rules.ts';
import { IFRAME_PEAK_RULES, IFRAME_PRESENTATION_RULES } from './rules/iframe-presentation-rules.ts';
import { SILENCE_RULES } from './rules/liveness-rules.ts';
import { MULTIVARIANT_RULES } from './rules/multivariant-rules.ts';
import { type ObservedPresentation, PEAK_RULES, PRESENTATION_RULES } from './rules/presentation-rules.ts';
import { type ObservedReport, REPORT_RULES, REPORTED_RULES } from './rules/request-rules.ts';
import { BEGINNING_RULES, isPlaylist, SYNTAX_RULES } from './rules/syntax-rules.ts';

/** A request that nobody answered. */
export interface UnansweredRequest {
  readonly url: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** What became of the connection. Null if the watch ended before an answer came. */
  readonly reason: string | null;
}

interface PendingReport {
  readonly path: string;
  readonly place: string;
  readonly said: ObservedReport['said'];
  readonly least: PlaylistProgress['end'];
  /** The date at which the playlist with the report ended. Null if it says none. */
  readonly ownEndMs: number | null;
  readonly endedAtMs: number;
}

const OK = 200;
const MEDIA_EXTENSION = /^(m4s|mp4|m4a|m4v|cmf[avt])$/;
const MAX_DIGESTS = 10_000;
const MAX_RENDITIONS = 64;
const MAX_REPORTS = 1_000;

/**
 * Checks all answers that viewers of one stream got, whichever viewer, task or cache they came from, against the rules of RFC
 * 8216bis. Memory is bounded.
 */
export class StreamChecker {
  readonly #findings = new FindingList();
  readonly #playlists = new Map<string, ObservedPlaylist>();
  readonly #digests = new BoundedMap<string, string>(MAX_DIGESTS);
  #reports: PendingReport[] = [];
  #lags = new ReportedLags();
  #multivariant: MultivariantPlaylist | null = null;
  /** Each variant as the first playlist that named it declared it. */
  #promised: MultivariantPlaylist | null = null;
  #multivariantPath = '/';
  #multivariantText = '';
  /** Paths of the playlists that the one before named, if none of them goes on. */
  #former: ReadonlySet<string> = new Set();
  /** Playlists of a presentation that another one follows at the same paths. */
  #over: ReadonlySet<ObservedPlaylist> = new Set();
  /** Whether the newest multivariant playlist came after the end of all that it names, and what was seen was judged without it. */
  #isJudged = false;

  /** Adds an answer of any kind. Answers are added in the order in which they were complete. */
  add(response: PlaylistResponse): void {
    const url = new URL(response.url, 'http://stream');
    const path = playlistPath(url);
    const kind = this.#kindOf(path, response);
    if (kind === 'multivariant-playlist') this.#addMultivariant(path, response);
    else if (kind === 'media-playlist') this.#addPlaylist(path, response);
    else if (kind === 'init' || kind === 'media') this.#addMedia(filePath(url), response);
    const { headers, status, body } = response;
    if (headers === undefined) return;
    this.#findings.check(ANSWER_RULES, `${this.#placeOf(kind, path)}`, {
      ...{ kind, response: { status, headers, bodyBytes: body.length }, isBlocking: url.searchParams.has('_HLS_msn') },
      targetDurationSeconds: this.#targetOf(path),
    });
  }

  /** Adds a request without an answer. */
  addUnanswered({ url, startedAtMs, endedAtMs, reason }: UnansweredRequest): void {
    const path = playlistPath(new URL(url, 'http://stream'));
    const kind = extensionOf(path) === 'm3u8' ? 'media-playlist' : 'media';
    this.#findings.check(SILENCE_RULES, this.#placeOf(kind, path), {
      ...{ path: this.#relative(path), reason, waitedSeconds: (endedAtMs - startedAtMs) / 1000 },
      targetDurationSeconds: this.#targetOf(path),
    });
  }

  /** One for each rule and place, by all answers so far. */
  findings(): HlsFinding[] {
    return this.#finished().findings();
  }

  /** One for each thing that was seen. */
  details(): HlsFinding[] {
    return this.#finished().details();
  }

  #finished(): FindingList {
    this.#finishPlaylists();
    return this.#findings;
  }

  #finishPlaylists(): void {
    for (const playlist of this.#playlists.values()) playlist.finish();
    this.#checkNewestPresentation();
  }

  /** All playlists of the newest presentation that anybody has loaded. */
  #hasEnded(): boolean {
    const loaded = this.#namedPaths().flatMap((path) => this.#playlists.get(path)?.progress.latest ?? []);
    return loaded.length > 0 && loaded.every(({ isEnded }) => isEnded);
  }

  #checkNewestPresentation(): void {
    // Players load it once, so what they may get at most holds from the first one on.
    this.#checkPresentation(this.#promised, [...PEAK_RULES, ...IFRAME_PEAK_RULES]);
    this.#checkPresentation(this.#multivariant, [...PRESENTATION_RULES, ...IFRAME_PRESENTATION_RULES]);
  }

  #checkPresentation(multivariant: MultivariantPlaylist | null, rules: readonly HlsRule<ObservedPresentation>[]): void {
    const observed = [...this.#playlists.values()].filter(
      (playlist) => playlist.progress.latest !== null && !this.#former.has(playlist.path) && !this.#over.has(playlist),
    );
    const byPath = new Map(observed.map((playlist) => [playlist.path, playlist.observed()]));
    this.#findings.check(rules, this.#relative(this.#multivariantPath), {
      variants: multivariant?.variants ?? [],
      media: multivariant?.media ?? [],
      iFrameVariants: multivariant?.iFrameVariants ?? [],
      renditions: [...byPath.values()],
      lags: this.#lags.lags,
      renditionOf: (uri) => byPath.get(this.#resolve(uri)),
    });
  }

  #kindOf(path: string, { status, body }: PlaylistResponse): AnsweredKind {
    if (this.#playlists.has(path)) return 'media-playlist';
    if (extensionOf(path) === 'm3u8') {
      return status === OK && !isMultivariant(body.toString()) ? 'media-playlist' : 'multivariant-playlist';
    }
    if (MEDIA_EXTENSION.test(extensionOf(path))) return isInit(body) ? 'init' : 'media';
    return 'other';
  }

  #addMultivariant(path: string, { status, body }: PlaylistResponse): void {
    const text = body.toString();
    if (status !== OK || text === this.#multivariantText) return;
    this.#multivariantPath = path;
    const place = this.#relative(path);
    this.#findings.check(BEGINNING_RULES, place, text);
    if (!isPlaylist(text)) return;
    this.#multivariantText = text;
    const playlist = parseMultivariantPlaylist(text);
    this.#endFormer(namedPlaylistUris(playlist).map((uri) => this.#resolve(uri)));
    if (this.#hasEnded()) {
      this.#finishPlaylists();
      this.#isJudged = true;
    }
    this.#multivariant = playlist;
    this.#promised = withPromises(this.#promised, playlist);
    this.#findings.check(SYNTAX_RULES, place, { bytes: body, lines: playlist.lines, isMultivariant: true });
    this.#findings.check(MULTIVARIANT_RULES, place, playlist);
    const iFramePaths = playlist.iFrameVariants.map((attributes) => this.#resolve(attributes.get('URI') ?? ''));
    for (const uri of namedPlaylistUris(playlist)) {
      const named = this.#resolve(uri);
      const observed = this.#playlist(named);
      if (observed !== null) observed.isIFramePlaylist = iFramePaths.includes(named);
    }
  }

  /** If none of the playlists goes on, another presentation begins. What was seen of the one before is judged by itself. */
  #endFormer(paths: readonly string[]): void {
    const before = this.#namedPaths();
    if (before.length === 0 || paths.length === 0 || paths.some((path) => before.includes(path))) return;
    for (const path of before) this.#playlists.get(path)?.finish();
    this.#checkNewestPresentation();
    this.#promised = null;
    this.#lags = new ReportedLags();
    for (const path of this.#former) if (!paths.includes(path)) this.#playlists.delete(path);
    this.#former = new Set(before);
  }

  /** Of the playlists that the newest multivariant playlist names. */
  #namedPaths(): readonly string[] {
    return this.#multivariant === null ? [] : namedPlaylistUris(this.#multivariant).map((uri) => this.#resolve(uri));
  }

  #addPlaylist(path: string, response: PlaylistResponse): void {
    const known = this.#playlist(path);
    if (known === null) return;
    const place = this.#relative(path);
    const text = response.body.toString();
    if (response.status === OK) {
      this.#findings.check(BEGINNING_RULES, place, text);
      if (!isPlaylist(text)) return;
    }
    const observed = response.status === OK && known.isFollowedBy(text) ? this.#beginAgain(known) : known;
    const playlist = observed.add(response);
    if (playlist === null) return;
    this.#checkPendingReports(observed, response);
    this.#checkReports(observed, playlist, response);
  }

  /**
   * Another presentation has begun at the path of one that has ended. What was seen of the one before is judged when its first
   * playlist is replaced.
   */
  #beginAgain(former: ObservedPlaylist): ObservedPlaylist {
    if (!this.#over.has(former)) {
      if (!this.#isJudged) this.#finishPlaylists();
      this.#isJudged = false;
      this.#over = new Set(this.#playlists.values());
      this.#promised = this.#multivariant;
      this.#reports = [];
      this.#lags = new ReportedLags();
    }
    const observed = new ObservedPlaylist(former.path, this.#relative(former.path), this.#findings);
    observed.isIFramePlaylist = former.isIFramePlaylist;
    this.#playlists.set(former.path, observed);
    return observed;
  }

  #checkReports(observed: ObservedPlaylist, playlist: MediaPlaylist, response: PlaylistResponse): void {
    const place = this.#relative(observed.path);
    const paths = playlist.reports.map(({ uri }) => observed.resolve(uri));
    const together = this.#former.has(observed.path) ? [...this.#former] : this.#namedPaths();
    this.#findings.check(REPORTED_RULES, place, {
      playlist,
      reported: paths.map((path) => this.#relative(path)),
      ownPath: place,
      otherPaths: together
        .filter((path) => path !== observed.path && !this.#playlists.get(path)?.isIFramePlaylist)
        .map((path) => this.#relative(path)),
    });
    if (Number(response.headers?.age ?? 0) > 0) return;
    playlist.reports.forEach(({ lastMsn, lastPart }, index) => {
      const path = paths[index] ?? '';
      const reported = this.#playlists.get(path);
      const least = reported?.progress.before(response.startedAtMs)?.reportable;
      if (reported === undefined || this.#over.has(reported) || least === undefined || Number.isNaN(lastMsn)) return;
      const said = { msn: lastMsn, parts: lastPart === null ? null : lastPart + 1 };
      this.#reports.push({ path, place, said, least, ownEndMs: endDateMs(playlist), endedAtMs: response.endedAtMs });
    });
    if (this.#reports.length > MAX_REPORTS) this.#reports = this.#reports.slice(-MAX_REPORTS);
  }

  /** A report can be judged once there is an answer that was asked for after it. */
  #checkPendingReports(reported: ObservedPlaylist, { startedAtMs, headers }: PlaylistResponse): void {
    const { path, progress } = reported;
    const most = progress.latest?.reportable;
    if (most === undefined || Number(headers?.age ?? 0) > 0) return;
    const isDue = (report: PendingReport): boolean => report.path === path && report.endedAtMs < startedAtMs;
    for (const { place, said, least, ownEndMs } of this.#reports.filter(isDue)) {
      this.#findings.check(REPORT_RULES, place, { uri: this.#relative(path), said, least, most });
      const endMs = said.parts === null ? null : reported.endMs(said.msn, said.parts);
      if (endMs !== null && ownEndMs !== null) this.#lags.add(place, this.#relative(path), (ownEndMs - endMs) / 1000);
    }
    this.#reports = this.#reports.filter((report) => !isDue(report));
  }

  /** A file belongs to the playlists that name it, or else to those in its folder. */
  #addMedia(path: string, response: PlaylistResponse): void {
    const owners = [...this.#playlists.values()].filter(
      (playlist) => playlist.names(path) || folderOf(playlist.path) === folderOf(path),
    );
    const { digest } = toMediaFile(path, response.body);
    const isWhole = response.status === OK && response.range === undefined;
    const known = isWhole ? (this.#digests.get(path) ?? digest) : digest;
    if (isWhole && !this.#digests.has(path)) this.#digests.set(path, digest);
    const facts = { isInit: isInit(response.body), hasChanged: known !== digest };
    for (const owner of owners) owner.addMedia(response, facts);
  }

  #playlist(path: string): ObservedPlaylist | null {
    const known = this.#playlists.get(path);
    if (known !== undefined || this.#playlists.size >= MAX_RENDITIONS) return known ?? null;
    const observed = new ObservedPlaylist(path, this.#relative(path), this.#findings);
    this.#playlists.set(path, observed);
    return observed;
  }

  /** A file belongs to its folder's playlist: one finding for each kind there is enough. */
  #placeOf(kind: AnsweredKind, path: string): string {
    return this.#relative(kind === 'init' || kind === 'media' ? `${folderOf(path)}${kind}` : path);
  }

  #targetOf(path: string): number | null {
    const own = this.#playlists.get(path)?.targetDurationSeconds;
    return (
      own ??
      [...this.#playlists.values()].find((playlist) => playlist.targetDurationSeconds !== null)
        ?.targetDurationSeconds ??
      null
    );
  }

  #resolve(uri: string): string {
    return namedPath(uri, `http://stream${this.#multivariantPath}`, playlistPath);
  }

  /** Paths may have a viewer token in them, which nobody should print. */
  #relative(path: string): string {
    return path.replace(/^.*\/live\/[^/]+\//, '');
  }
}

/** In milliseconds since 1970. */
function endDateMs({ segments }: MediaPlaylist): number | null {
  const last = segments.at(-1);
  return last?.programDateTimeMs == null ? null : last.programDateTimeMs + lengthSeconds(last) * 1000;
}

function isInit(body: Buffer): boolean {
  return body.toString('latin1', 4, 8) === 'ftyp';
}
