import { lengthSeconds } from '../playlist/media-playlist.ts';
import { type HlsRule, when } from '../rule.ts';
import { type MediaPlaylistAnswer, ROUNDING_SECONDS } from './media-playlist-rules.ts';

const SHORTEST_PART = 0.85;
const PARTS_LISTED_FACTOR = 3;
/** The draft's own minimum is 2. Apple's authoring specification asks for 3. */
const PART_HOLD_BACK_FACTOR = 3;

/** What holds for the parts of a media playlist by itself (RFC 8216bis 4.4.4.9, appendix B.1). */
export const PART_RULES: readonly HlsRule<MediaPlaylistAnswer>[] = [
  {
    id: 'parts-need-part-inf',
    section: '4.4.3.7',
    check: ({ playlist: { segments, partTargetSeconds } }) =>
      when(
        partTargetSeconds === null && segments.some(({ parts }) => parts.length > 0),
        () => 'EXT-X-PART without EXT-X-PART-INF',
      ),
  },
  {
    id: 'part-within-part-target',
    section: '4.4.4.9',
    check: ({ playlist: { segments, partTargetSeconds } }) =>
      segments
        .flatMap(({ parts }) => parts)
        .filter(({ durationSeconds }) => durationSeconds > (partTargetSeconds ?? Number.POSITIVE_INFINITY))
        .map(
          ({ uri, durationSeconds }) => `part ${uri} lasts ${durationSeconds} s, PART-TARGET is ${partTargetSeconds}`,
        ),
  },
  {
    id: 'part-85-percent',
    section: '4.4.4.9',
    check: ({ playlist: { segments, partTargetSeconds } }) =>
      segments.flatMap(({ parts, uri }, segmentIndex) =>
        parts
          .filter((part, index) => {
            const next = parts[index + 1];
            const isLastOfSegment = next === undefined && (uri !== null || segmentIndex < segments.length - 1);
            const mayBeShort = isLastOfSegment || part.isIndependent || part.isGap || next?.isGap === true;
            return !mayBeShort && part.durationSeconds < SHORTEST_PART * (partTargetSeconds ?? 0) - ROUNDING_SECONDS;
          })
          .map((part) => `part ${part.uri} lasts ${part.durationSeconds} s, PART-TARGET is ${partTargetSeconds}`),
      ),
  },
  {
    id: 'parts-make-the-segment',
    section: '4.4.4.9',
    check: ({ playlist: { segments } }) =>
      segments.flatMap(({ msn, durationSeconds, parts, isGap }) => {
        const partSeconds = parts.reduce((total, part) => total + part.durationSeconds, 0);
        const isOff = Math.abs(partSeconds - (durationSeconds ?? partSeconds)) > ROUNDING_SECONDS * (parts.length + 1);
        return when(
          parts.length > 0 && !isGap && isOff,
          () => `segment ${msn} lasts ${durationSeconds} s, its parts ${partSeconds.toFixed(5)} s`,
        );
      }),
  },
  {
    id: 'old-parts-removed',
    section: '4.4.4.9',
    check: ({ playlist }) => {
      const boundary =
        PARTS_LISTED_FACTOR * (playlist.targetDurationSeconds ?? Number.POSITIVE_INFINITY) + ROUNDING_SECONDS;
      return secondsAfter(playlist.segments)
        .filter(([{ parts }, after]) => parts.length > 0 && after > boundary)
        .map(([{ msn }, after]) => `segment ${msn} lists parts though it ends ${after.toFixed(3)} s before the end`);
    },
  },
  {
    id: 'recent-parts-listed',
    section: 'B.1',
    check: ({ playlist }) => {
      if (playlist.partTargetSeconds === null || playlist.isEnded) return [];
      const boundary = PARTS_LISTED_FACTOR * (playlist.targetDurationSeconds ?? 0) - ROUNDING_SECONDS;
      return secondsAfter(playlist.segments)
        .filter(([{ parts, isGap }, after]) => parts.length === 0 && !isGap && after < boundary)
        .map(([{ msn }]) => `segment ${msn} lists no parts`);
    },
  },
  {
    id: 'segment-tags-before-parts',
    section: '4.4.4',
    check: ({ playlist: { segments } }) =>
      segments.flatMap(({ msn, lateTags }) =>
        lateTags.map((tag) => `#${tag} of segment ${msn} follows its first part`),
      ),
  },
  {
    id: 'gap-parts',
    section: '4.4.4.7',
    check: ({ playlist: { segments } }) =>
      segments
        .filter(({ uri, isGap, parts }) => uri !== null && !isGap && parts.some((part) => part.isGap))
        .map(({ msn }) => `segment ${msn} has a part with GAP=YES, and no EXT-X-GAP`),
  },
  {
    id: 'part-hold-back',
    section: '4.4.3.8; Apple HLS authoring specification, 14.3',
    check: ({ playlist: { serverControl, partTargetSeconds } }) => {
      if (partTargetSeconds === null) return [];
      const value = Number(serverControl?.get('PART-HOLD-BACK') ?? Number.NaN);
      const minimum = PART_HOLD_BACK_FACTOR * partTargetSeconds;
      return when(
        !(value >= minimum - 1e-9),
        () => `PART-HOLD-BACK is ${value}, at least ${minimum.toFixed(5)} is needed`,
      );
    },
  },
  {
    id: 'can-block-reload',
    section: 'B.1',
    check: ({ playlist: { serverControl, partTargetSeconds } }) =>
      when(
        partTargetSeconds !== null && serverControl?.get('CAN-BLOCK-RELOAD') !== 'YES',
        () => 'EXT-X-PART-INF without CAN-BLOCK-RELOAD=YES',
      ),
  },
  {
    id: 'hint-is-not-listed',
    section: '4.4.5.3',
    check: ({ playlist: { preloadHint, segments } }) => {
      const hinted = preloadHint?.get('URI');
      const isListed = segments.some(({ uri, parts }) => uri === hinted || parts.some((part) => part.uri === hinted));
      return when(hinted !== undefined && isListed, () => `${hinted} is hinted at and listed`);
    },
  },
  {
    id: 'report-last-part',
    section: '4.4.5.4',
    check: ({ playlist: { reports, partTargetSeconds } }) =>
      reports
        .filter(({ lastPart }) => (lastPart === null) !== (partTargetSeconds === null))
        .map(({ uri, lastPart }) => `the report of ${uri} has LAST-PART ${lastPart}`),
  },
];

/** Each segment, and how much media follows it. */
function secondsAfter<Segment extends Parameters<typeof lengthSeconds>[0]>(
  segments: readonly Segment[],
): (readonly [Segment, number])[] {
  let after = 0;
  return segments.toReversed().map((segment) => {
    const before = after;
    after += lengthSeconds(segment);
    return [segment, before] as const;
  });
}
