import { LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import { renditionNames } from '#encoder/media/media-run.ts';
import type { LastSegment, Offered } from './offered-renditions.ts';
import { NO_PARTS, partLengthsWith } from './part-lengths.ts';
import type { Segment } from './segment.ts';
import { NOTHING_MEASURED } from './segment-bitrates.ts';
import { StreamPackage } from './stream-package.ts';

export interface EndedPackageOptions {
  readonly latency: LatencyName;
  /** As the lost package last offered it. It may be some seconds old. */
  readonly offered: Offered;
  /** Above every media sequence number that viewers have seen. Only for renditions without a known segment. */
  readonly firstMsn: number;
  /** Not below any discontinuity number that viewers have seen; a new epoch is high enough. For the same renditions. */
  readonly discontinuityNumber: number;
  /** For the same renditions: the date of the end, in milliseconds since 1970. */
  readonly endedAtMs: number;
}

/**
 * The end of a stream whose media is lost with its task. The multivariant playlist stays as it was. Each media playlist
 * lists the last segment that is known, and ends: a player that has it, or has more, plays what it has and has ended
 * (hls.js 1.7.4 never ends after a gap). Nobody who comes later gets anything, but a cache may still have the segment.
 * Such a package need not move between tasks, and cannot: each task can make it from the same values.
 */
export function endedPackage(options: EndedPackageOptions): StreamPackage {
  const { latency, offered, firstMsn, discontinuityNumber } = options;
  const { run, codecs, lastSegments } = offered;
  const { longestSeconds } = partLengthsWith(NO_PARTS, LATENCY_PROFILES[latency], run);
  const names = new Set([...renditionNames(run), ...Object.keys(lastSegments)]);
  return new StreamPackage({
    latency,
    firstMsn,
    isEnded: true,
    discontinuityNumber,
    longestPartSeconds: longestSeconds,
    newest: { run, hasParts: true },
    offered: { run, codecs },
    timelines: [...names].map((name) => ({
      name,
      segments: [lastSegments[name] === undefined ? gap(options) : lost(lastSegments[name])],
      listedFrom: 0,
      initSections: [],
      bitrates: NOTHING_MEASURED,
    })),
  });
}

/** A segment that was once there. */
function lost(segment: LastSegment): Segment {
  return { ...segment, parts: [], isComplete: true, isGap: false };
}

/** There must be some segment in a playlist. */
function gap({ latency, offered, firstMsn, discontinuityNumber, endedAtMs }: EndedPackageOptions): Segment {
  return {
    ...{ msn: firstMsn, epoch: offered.run.epoch, discontinuityNumber, programDateTimeMs: endedAtMs },
    ...{ durationSeconds: LATENCY_PROFILES[latency].segmentSeconds, parts: [], isComplete: true, isGap: true },
  };
}
