import type { ListedSegment, MediaPlaylist } from './hls-playlist.ts';

/** The contract for viewers' URLs: segments are `{epoch}-{msn}.m4s`, parts are `{epoch}-{msn}.{part}.m4s`. */
const SEGMENT_URI = /^(\d+)-(\d+)\.m4s$/;
export const PART_URI = /^(\d+)-(\d+)\.(\d+)\.m4s$/;
const MAP_URI = /^(\d+)-init\.mp4$/;

const SHORTEST_PART = 0.85;
const PARTS_WITHIN_FACTOR = 3;
const DATE_TOLERANCE_MS = 2;
/** Durations are written with five decimals. */
export const ROUNDING_SECONDS = 2e-5;

/** Rules of RFC 8216bis 4.4.4 about single segments and parts. Each returns one line for each violation. */
export const SEGMENT_RULES: readonly ((playlist: MediaPlaylist) => string[])[] = [
  checkSegmentDurations,
  checkPartDurations,
  checkPartsListed,
  checkNames,
  checkMaps,
  checkDates,
];

function checkSegmentDurations({ segments, targetDurationSeconds }: MediaPlaylist): string[] {
  return segments.flatMap(({ msn, uri, durationSeconds, parts, isGap }) => {
    if (uri === null) return [];
    if (durationSeconds === null) return [`segment ${msn} has no EXTINF`];
    const partSeconds = parts.reduce((total, part) => total + part.durationSeconds, 0);
    const tolerance = ROUNDING_SECONDS * (parts.length + 1);
    return [
      ...complain(
        Math.round(durationSeconds) > (targetDurationSeconds ?? 0),
        `segment ${msn} lasts ${durationSeconds} s, more than TARGETDURATION`,
      ),
      ...complain(
        parts.length > 0 && !isGap && Math.abs(partSeconds - durationSeconds) > tolerance,
        `segment ${msn} lasts ${durationSeconds} s, its parts ${partSeconds.toFixed(5)} s`,
      ),
    ];
  });
}

function checkPartDurations({ segments, partTargetSeconds }: MediaPlaylist): string[] {
  if (partTargetSeconds === null) {
    return complain(
      segments.some(({ parts }) => parts.length > 0),
      'parts without EXT-X-PART-INF',
    );
  }
  return segments.flatMap(({ parts, uri }, segmentIndex) =>
    parts.flatMap((part, index) => {
      const isLastOfSegment = index === parts.length - 1 && (uri !== null || segmentIndex < segments.length - 1);
      const mayBeShort = isLastOfSegment || part.isGap || parts[index + 1]?.isGap === true;
      const isShort = part.durationSeconds < SHORTEST_PART * partTargetSeconds - ROUNDING_SECONDS;
      return [
        ...complain(part.durationSeconds > partTargetSeconds, `part ${part.uri} is longer than PART-TARGET`),
        ...complain(isShort && !mayBeShort, `part ${part.uri} is below 85 % of PART-TARGET`),
      ];
    }),
  );
}

/**
 * The last three target durations must list parts, since hls.js loads only listed parts, unless the playlist has ended.
 * Older segments must not.
 */
function checkPartsListed({ segments, partTargetSeconds, targetDurationSeconds, isEnded }: MediaPlaylist): string[] {
  if (partTargetSeconds === null) return [];
  const boundarySeconds = PARTS_WITHIN_FACTOR * (targetDurationSeconds ?? 0);
  let afterSeconds = 0;
  const violations: string[] = [];
  for (const segment of [...segments].reverse()) {
    const isWithin = afterSeconds < boundarySeconds - ROUNDING_SECONDS;
    const isBefore = afterSeconds > boundarySeconds + ROUNDING_SECONDS;
    const hasParts = segment.parts.length > 0;
    if (isBefore && hasParts) violations.push(`segment ${segment.msn} lists parts though it is too old`);
    if (isWithin && !hasParts && !segment.isGap && !isEnded) violations.push(`segment ${segment.msn} lists no parts`);
    afterSeconds += lengthSeconds(segment);
  }
  return violations;
}

function checkNames({ segments, skippedSegments, mediaSequence }: MediaPlaylist): string[] {
  const firstMsn = mediaSequence + (skippedSegments ?? 0);
  return segments.flatMap(({ uri, parts }, index) => {
    const msn = firstMsn + index;
    const named = uri === null ? String(msn) : (SEGMENT_URI.exec(uri)?.[2] ?? uri);
    return [
      ...complain(named !== String(msn), `segment ${uri} is number ${msn} of the playlist`),
      ...parts.flatMap((part, partIndex) => {
        const [, , partMsn, number] = PART_URI.exec(part.uri) ?? [];
        const isRight = partMsn === String(msn) && number === String(partIndex);
        return complain(!isRight, `part ${part.uri} is part ${partIndex} of segment ${msn}`);
      }),
    ];
  });
}

/**
 * A run that goes on without a discontinuity also goes on with the map of the run before it, or with its own, if that has changed
 * although nothing else has.
 */
function checkMaps({ segments, skippedSegments }: MediaPlaylist): string[] {
  let mapEpoch: string | null = null;
  let epochBefore: string | null = null;
  return segments.flatMap((segment, index) => {
    const { msn, map, discontinuities } = segment;
    if (map !== null) mapEpoch = MAP_URI.exec(map)?.[1] ?? map;
    const isFirst = index === 0 && (skippedSegments ?? 0) === 0;
    const epoch = epochOf(segment);
    const isOtherEpoch = epoch !== epochBefore;
    const isNewRun = discontinuities > 0 && isOtherEpoch;
    const isOwnMap = isOtherEpoch && epoch === mapEpoch;
    epochBefore = epoch;
    return [
      ...complain(isFirst && map === null && !segment.isGap, 'the first segment has no EXT-X-MAP'),
      ...complain(
        mapEpoch !== null && (isNewRun ? epoch !== mapEpoch : Number(epoch) < Number(mapEpoch)),
        `segment ${msn} is of epoch ${epoch}, its map of ${mapEpoch}`,
      ),
      ...complain(
        index > 0 && map !== null && discontinuities === 0 && !isOwnMap,
        `segment ${msn} has a new map, no discontinuity`,
      ),
    ];
  });
}

function checkDates({ segments }: MediaPlaylist): string[] {
  return segments.flatMap((segment, index) => {
    const { msn, programDateTimeMs, discontinuities } = segment;
    if (programDateTimeMs === null || Number.isNaN(programDateTimeMs)) return [`segment ${msn} has no date`];
    const previous = segments[index - 1];
    if (previous === undefined || previous.programDateTimeMs === null) return [];
    const offMs = programDateTimeMs - previous.programDateTimeMs - lengthSeconds(previous) * 1000;
    const isOff = discontinuities === 0 && Math.abs(offMs) > DATE_TOLERANCE_MS;
    return complain(isOff, `the date of segment ${msn} is ${offMs.toFixed(2)} ms off the segment before it`);
  });
}

/** Length of a segment in seconds, or of its parts so far. */
export function lengthSeconds({ durationSeconds, parts }: ListedSegment): number {
  return durationSeconds ?? parts.reduce((total, part) => total + part.durationSeconds, 0);
}

/** The epoch in a segment's name. Empty if there is none. */
export function epochOf({ uri, parts }: ListedSegment): string {
  return SEGMENT_URI.exec(uri ?? '')?.[1] ?? PART_URI.exec(parts[0]?.uri ?? '')?.[1] ?? '';
}

/** The epochs in the names of all segments and parts of a playlist, in its order. */
export function epochsIn(playlist: string): string[] {
  return playlist.match(/\d+(?=-\d+(?:\.\d+)?\.m4s)/g) ?? [];
}

/** A list of the violation, or an empty one. */
export function complain(isViolated: boolean, violation: string): string[] {
  return isViolated ? [violation] : [];
}
