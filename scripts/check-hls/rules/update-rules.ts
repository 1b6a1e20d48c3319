import { compareEnds, endOf, lengthSeconds, type MediaPlaylist } from '../playlist/media-playlist.ts';
import { goesOnWith, type PlacedPart } from '../playlist/placed-part.ts';
import { type PlaylistProgress, playlistTypeOf } from '../playlist-progress.ts';
import { type HlsRule, when } from '../rule.ts';
import type { SegmentChange } from '../segment-history.ts';
import { ROUNDING_SECONDS } from './media-playlist-rules.ts';

/** One answer for a media playlist, and what the answers before its request had said. */
export interface PlaylistUpdate {
  readonly playlist: MediaPlaylist;
  readonly before: PlaylistProgress;
  readonly changes: readonly SegmentChange[];
  /** Whether the server has answered a request for the part that was hinted at. */
  readonly hasHintedPart: boolean;
  /** What it lists after the end of the answers before. Null if there is nothing, or nobody knows. */
  readonly next: PlacedPart | null;
  /** How many segments in a row have begun by now though no playlist had hinted at their first parts. */
  readonly unhintedSegments: number;
}

const WINDOW_FACTOR = 3;
/** An encoder that starts again may go on without a discontinuity. Nobody could hint at what it would begin with. */
const MAX_UNHINTED_SEGMENTS = 2;
const isDelta = ({ skippedSegments }: MediaPlaylist): boolean => skippedSegments !== null;
const OF_PARTS = ['parts', 'number of parts'];
const OF_DISCONTINUITIES = ['discontinuity number'];
const toLine = ({ msn, what }: SegmentChange): string => `the ${what} of segment ${msn} changed`;

/** What holds between successive answers for one media playlist (RFC 8216bis 6.2.1, 6.2.2). */
export const UPDATE_RULES: readonly HlsRule<PlaylistUpdate>[] = [
  {
    id: 'media-sequence-forward',
    section: '6.2.2',
    check: ({ playlist: { mediaSequence }, before }) =>
      when(
        mediaSequence < before.mediaSequence,
        () => `EXT-X-MEDIA-SEQUENCE went back from ${before.mediaSequence} to ${mediaSequence}`,
      ),
  },
  {
    id: 'discontinuity-sequence-forward',
    section: '6.2.2',
    check: ({ playlist: { discontinuitySequence }, before }) =>
      when(
        discontinuitySequence < before.discontinuitySequence,
        () => `EXT-X-DISCONTINUITY-SEQUENCE went back from ${before.discontinuitySequence} to ${discontinuitySequence}`,
      ),
  },
  {
    id: 'discontinuity-sequence-counts',
    section: '4.4.3.3',
    check: ({ playlist, before, changes }) =>
      playlist.discontinuitySequence < before.discontinuitySequence
        ? []
        : changes.filter(({ what }) => OF_DISCONTINUITIES.includes(what)).map(toLine),
  },
  {
    id: 'target-duration-constant',
    section: '6.2.1',
    check: ({ playlist: { targetDurationSeconds }, before }) =>
      when(
        targetDurationSeconds !== before.targetDurationSeconds,
        () => `EXT-X-TARGETDURATION changed from ${before.targetDurationSeconds} to ${targetDurationSeconds}`,
      ),
  },
  {
    id: 'part-target-constant',
    section: '6.2.1',
    check: ({ playlist: { partTargetSeconds }, before }) =>
      when(
        before.partTargetSeconds !== null && partTargetSeconds !== before.partTargetSeconds,
        () => `PART-TARGET changed from ${before.partTargetSeconds} to ${partTargetSeconds}`,
      ),
  },
  {
    id: 'playlist-type-constant',
    section: '6.2.1',
    check: ({ playlist, before }) =>
      when(
        playlistTypeOf(playlist) !== before.playlistType,
        () => `EXT-X-PLAYLIST-TYPE changed from ${before.playlistType} to ${playlistTypeOf(playlist)}`,
      ),
  },
  {
    id: 'event-keeps-segments',
    section: '4.4.3.5',
    check: ({ playlist, before }) =>
      when(
        playlistTypeOf(playlist) !== null && playlist.mediaSequence > before.mediaSequence,
        () => `a playlist of type ${playlistTypeOf(playlist)} has lost segment ${before.mediaSequence}`,
      ),
  },
  {
    id: 'segment-unchanged',
    section: '6.2.1',
    check: ({ playlist, changes }) =>
      isDelta(playlist)
        ? []
        : changes.filter(({ what }) => ![...OF_PARTS, ...OF_DISCONTINUITIES].includes(what)).map(toLine),
  },
  {
    id: 'parts-unchanged',
    section: '6.2.1',
    check: ({ playlist, changes }) =>
      isDelta(playlist) ? [] : changes.filter(({ what }) => OF_PARTS.includes(what)).map(toLine),
  },
  {
    id: 'delta-equals-full',
    section: '6.2.5.1',
    check: ({ playlist, changes }) =>
      isDelta(playlist) ? changes.filter(({ what }) => !OF_DISCONTINUITIES.includes(what)).map(toLine) : [],
  },
  {
    id: 'end-forward',
    section: '6.2.1',
    check: ({ playlist, before }) => {
      const end = endOf(playlist);
      if (compareEnds(end, before.end) >= 0) return [];
      return playlist.isEnded
        ? [`EXT-X-ENDLIST after segment ${end.msn}, though ${before.end.msn} was listed`]
        : [`the end went back from segment ${before.end.msn} to ${end.msn}`];
    },
  },
  {
    id: 'endlist-final',
    section: '4.4.3.4',
    check: ({ playlist, before }) => {
      const end = endOf(playlist);
      return [
        ...when(before.isEnded && !playlist.isEnded, () => `the playlist is without its EXT-X-ENDLIST again`),
        ...when(
          before.isEnded && playlist.isEnded && end.msn > before.end.msn,
          () => `segment ${end.msn} follows EXT-X-ENDLIST`,
        ),
      ];
    },
  },
  {
    id: 'window-three-targets',
    section: '6.2.2',
    check: ({ playlist, before }) => {
      const { segments, targetDurationSeconds, isEnded } = playlist;
      const seconds = segments.reduce((total, segment) => total + lengthSeconds(segment), 0);
      const least = WINDOW_FACTOR * (targetDurationSeconds ?? 0) - ROUNDING_SECONDS * segments.length;
      const hasRemoved = playlist.mediaSequence > before.mediaSequence && !isDelta(playlist) && !isEnded;
      return when(hasRemoved && seconds < least, () => `segments were removed, and ${seconds.toFixed(3)} s are left`);
    },
  },
  {
    id: 'hint-kept',
    section: '4.4.5.3',
    check: ({ before, hasHintedPart, next }) => {
      const isSure = next !== null && (goesOnWith(next, before.end) || hasHintedPart);
      return when(
        before.hint !== null && isSure && next.part.uri !== before.hint,
        () => `${before.hint} was hinted at and ${next?.part.uri} came`,
      );
    },
  },
  {
    id: 'hint-present',
    section: 'B.1',
    check: ({ before, next, unhintedSegments }) => {
      if (next === null || before.hint !== null || before.partTargetSeconds === null || next.part.isGap) return [];
      return [
        ...when(goesOnWith(next, before.end), () => `${next.part.uri} came without an EXT-X-PRELOAD-HINT`),
        ...when(
          !goesOnWith(next, before.end) && unhintedSegments > MAX_UNHINTED_SEGMENTS,
          () => `${unhintedSegments} segments up to ${next.segment.msn} began without an EXT-X-PRELOAD-HINT`,
        ),
      ];
    },
  },
];
