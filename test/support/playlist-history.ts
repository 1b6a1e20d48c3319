import { type ListedSegment, type MediaPlaylist, parseMediaPlaylist } from '#kit/hls-playlist.ts';
import { checkMediaPlaylist, type MediaPlaylistContext } from '#kit/playlist-checker.ts';
import { PART_URI } from '#kit/playlist-segment-rules.ts';

/** How a segment was listed before. */
interface KnownSegment {
  readonly discontinuityNumber: number;
  readonly programDateTimeMs: number | null;
  readonly durationSeconds: number | null;
  readonly uri: string | null;
  readonly parts: readonly string[];
}

/** Compares successive answers of one media playlist URL (RFC 8216bis 6.2.1, 6.2.2). */
export class PlaylistHistory {
  readonly #known = new Map<number, KnownSegment>();
  #last: MediaPlaylist | null = null;

  /** Checks the next answer, by itself and against the earlier ones. Returns one readable line for each violation. */
  add(text: string, context: MediaPlaylistContext = {}): string[] {
    const playlist = parseMediaPlaylist(text);
    const violations = [
      ...checkMediaPlaylist(text, context),
      ...(this.#last === null ? [] : compareHeaders(this.#last, playlist)),
      ...(this.#last === null ? [] : checkHintKept(this.#last, playlist)),
      ...this.#addSegments(playlist),
    ];
    this.#last = playlist;
    return violations;
  }

  #addSegments(playlist: MediaPlaylist): string[] {
    const firstMsn = playlist.mediaSequence + (playlist.skippedSegments ?? 0);
    let discontinuityNumber: number | undefined = playlist.discontinuitySequence;
    if (playlist.skippedSegments !== null) {
      discontinuityNumber = this.#known.get(firstMsn - 1)?.discontinuityNumber;
      if (discontinuityNumber === undefined) return ['a delta update skips segments that were never listed'];
    }
    const violations: string[] = [];
    for (const segment of playlist.segments) {
      discontinuityNumber += segment.discontinuities;
      violations.push(...this.#addSegment(segment, discontinuityNumber));
    }
    return violations;
  }

  #addSegment(segment: ListedSegment, discontinuityNumber: number): string[] {
    const { msn, uri, programDateTimeMs, durationSeconds } = segment;
    const parts = segment.parts.map((part) => `${part.uri} ${part.durationSeconds}`);
    const known = this.#known.get(msn);
    this.#known.set(msn, {
      discontinuityNumber,
      programDateTimeMs,
      durationSeconds,
      uri,
      parts: parts.length > 0 ? parts : (known?.parts ?? []),
    });
    if (known === undefined) return [];
    const isOpen = known.uri === null;
    const changes: readonly (readonly [string, boolean])[] = [
      ['discontinuity number', known.discontinuityNumber !== discontinuityNumber],
      ['date', known.programDateTimeMs !== programDateTimeMs],
      ['name', !isOpen && known.uri !== uri],
      ['duration', !isOpen && known.durationSeconds !== durationSeconds],
      ['parts', parts.length > 0 && known.parts.some((part, index) => part !== parts[index])],
      ['parts', !isOpen && parts.length > known.parts.length],
    ];
    return changes.filter(([, changed]) => changed).map(([what]) => `the ${what} of segment ${msn} changed`);
  }
}

function compareHeaders(before: MediaPlaylist, after: MediaPlaylist): string[] {
  const rules: readonly (readonly [boolean, string])[] = [
    [after.mediaSequence < before.mediaSequence, 'EXT-X-MEDIA-SEQUENCE went back'],
    [after.discontinuitySequence < before.discontinuitySequence, 'EXT-X-DISCONTINUITY-SEQUENCE went back'],
    [after.targetDurationSeconds !== before.targetDurationSeconds, 'EXT-X-TARGETDURATION changed'],
    [after.partTargetSeconds !== before.partTargetSeconds, 'PART-TARGET changed'],
    [comparePositions(endOf(after), endOf(before)) < 0, 'the end of the playlist went back'],
    [before.isEnded && !after.isEnded, 'the playlist goes on after EXT-X-ENDLIST'],
  ];
  return rules.filter(([isViolated]) => isViolated).map(([, what]) => what);
}

/** The part that was hinted at must come next, unless its run has ended. */
function checkHintKept(before: MediaPlaylist, after: MediaPlaylist): string[] {
  const hint = before.preloadHint?.get('URI');
  if (hint === undefined || comparePositions(endOf(after), endOf(before)) <= 0) return [];
  const listed = after.segments.flatMap((segment) => segment.parts.map((part) => ({ segment, uri: part.uri })));
  const beforeUris = new Set(before.segments.flatMap((segment) => segment.parts.map((part) => part.uri)));
  const firstNew = listed.find(({ uri, segment }) => segment.msn >= endOf(before).msn && !beforeUris.has(uri));
  if (firstNew === undefined || firstNew.uri === hint || epochIn(firstNew.uri) !== epochIn(hint)) return [];
  return [`${hint} was hinted at and ${firstNew.uri} came`];
}

function epochIn(partUri: string): string | undefined {
  return PART_URI.exec(partUri)?.[1];
}

interface End {
  readonly msn: number;
  readonly parts: number;
}

function endOf({ segments, mediaSequence }: MediaPlaylist): End {
  const last = segments.at(-1);
  return { msn: last?.msn ?? mediaSequence - 1, parts: last?.parts.length ?? 0 };
}

function comparePositions(a: End, b: End): number {
  return a.msn === b.msn ? a.parts - b.parts : a.msn - b.msn;
}
