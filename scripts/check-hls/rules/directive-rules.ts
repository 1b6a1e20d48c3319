import type { MediaPlaylist } from '../playlist/media-playlist.ts';
import type { PlaylistProgress } from '../playlist-progress.ts';
import { type HlsRule, when } from '../rule.ts';
import { EXCUSED } from './request-rules.ts';

/** A request for a media playlist with directives, and its answer. */
export interface DirectiveAnswer {
  readonly query: URLSearchParams;
  readonly status: number;
  /** Null if the answer is a refusal. */
  readonly playlist: MediaPlaylist | null;
  /**
   * What was known when the request was sent, with the first answer to a request so much later that this one must have arrived, and
   * when the answer had come. A server that holds a request makes the last of them true.
   */
  readonly before: PlaylistProgress;
  readonly soon: PlaylistProgress | null;
  readonly after: PlaylistProgress;
}

const SEGMENTS_AHEAD = 2;
const PARTS_AHEAD = 3;
const BLOCKING = '6.2.5.2';

/** What holds for requests with delivery directives (RFC 8216bis 6.2.5). */
export const DIRECTIVE_RULES: readonly HlsRule<DirectiveAnswer>[] = [
  {
    id: 'part-directive-needs-msn',
    section: BLOCKING,
    check: ({ query, status, before }) =>
      when(
        !before.isEnded &&
          query.has('_HLS_part') &&
          !query.has('_HLS_msn') &&
          status !== 400 &&
          !EXCUSED.includes(status),
        () => `?${query} was answered ${status}`,
      ),
  },
  {
    id: 'too-far-ahead-is-400',
    section: BLOCKING,
    check: ({ query, status, before, soon, after }) => {
      const known = [soon, after].find((progress) => progress !== null && isSurelyTooFar(query, progress));
      if (before.isEnded || known == null || known.isEnded) return [];
      return when(
        status !== 400 && !EXCUSED.includes(status),
        () => `?${query} was answered ${status}, the end was at ${known.end.msn}`,
      );
    },
  },
  {
    id: 'directives-answered',
    section: BLOCKING,
    check: ({ query, status, before }) => {
      const isRight = query.has('_HLS_msn') || !query.has('_HLS_part');
      return when(
        !before.isEnded && isRight && !isTooFar(query, before) && isRefused(status),
        () => `?${query} was answered ${status}, the end was at ${before.end.msn}`,
      );
    },
  },
  {
    id: 'directives-ignored-after-end',
    section: `6.2.5.1; ${BLOCKING}`,
    check: ({ query, status, playlist, before }) => [
      ...when(before.isEnded && isRefused(status), () => `?${query} was answered ${status} after EXT-X-ENDLIST`),
      ...when(
        playlist?.isEnded === true && playlist.skippedSegments !== null,
        () => `the answer to ?${query} has EXT-X-ENDLIST and EXT-X-SKIP`,
      ),
    ],
  },
  {
    id: 'blocking-answer-has-position',
    section: BLOCKING,
    check: ({ query, playlist, after }) => {
      const msn = Number(query.get('_HLS_msn') ?? Number.NaN);
      if (playlist === null || playlist.isEnded || Number.isNaN(msn) || isTooFar(query, after)) return [];
      return when(
        !contains(playlist, msn, query.get('_HLS_part')),
        () => `the answer to ?${query} ends at ${describeEnd(playlist)}`,
      );
    },
  },
];

/** So many segments past the end may be asked for. Playlists without parts do not list the one that is being made, though it is there. */
export function mostSegmentsAhead(partTargetSeconds: number | null): number {
  return partTargetSeconds === null ? SEGMENTS_AHEAD + 1 : SEGMENTS_AHEAD;
}

/** The Advance Part Limit. */
export function mostPartsAhead(partTargetSeconds: number): number {
  return Math.ceil(partTargetSeconds < 1 ? PARTS_AHEAD / partTargetSeconds : PARTS_AHEAD);
}

/** A stream that is gone is no refusal. */
function isRefused(status: number): boolean {
  return status !== 200 && status !== 404 && !EXCUSED.includes(status);
}

function isSurelyTooFar(query: URLSearchParams, progress: PlaylistProgress): boolean {
  return isTooFar(query, progress, mostSegmentsAhead(progress.partTargetSeconds));
}

function isTooFar(
  query: URLSearchParams,
  { end, partTargetSeconds }: PlaylistProgress,
  segmentsAhead: number = SEGMENTS_AHEAD,
): boolean {
  const msn = Number(query.get('_HLS_msn') ?? Number.NaN);
  const part = query.get('_HLS_part');
  if (Number.isNaN(msn)) return false;
  if (msn > end.msn + segmentsAhead) return true;
  if (part === null || msn < end.msn || partTargetSeconds === null) return false;
  const limit = mostPartsAhead(partTargetSeconds);
  if (msn === end.msn) return end.parts !== Number.POSITIVE_INFINITY && Number(part) > end.parts - 1 + limit;
  return Number(part) > limit;
}

function contains(playlist: MediaPlaylist, msn: number, part: string | null): boolean {
  const last = playlist.segments.at(-1);
  if (last === undefined || last.msn < msn) return false;
  if (last.msn > msn) {
    // A part past the end of its segment is the first one of the next.
    const own = playlist.segments.find((segment) => segment.msn === msn);
    const isPastEnd = part !== null && own !== undefined && own.parts.length > 0 && Number(part) >= own.parts.length;
    const next = playlist.segments.find((segment) => segment.msn === msn + 1);
    return !isPastEnd || next?.uri !== null || next.parts.length > 0;
  }
  return part === null
    ? last.uri !== null
    : last.parts.length > Number(part) || (last.uri !== null && last.parts.length === 0);
}

function describeEnd({ segments }: MediaPlaylist): string {
  const last = segments.at(-1);
  return last === undefined
    ? 'nothing'
    : `${last.msn}.${last.parts.length - 1}${last.uri === null ? '' : ', complete'}`;
}
