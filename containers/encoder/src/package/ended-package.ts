import { LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import { renditionNames } from '#encoder/media/media-run.ts';
import type { Offered } from './offered-renditions.ts';
import type { TimelineSnapshot } from './package-snapshot.ts';
import { NO_PARTS, partLengthsWith } from './part-lengths.ts';
import type { Segment } from './segment.ts';
import { NOTHING_MEASURED } from './segment-bitrates.ts';
import { StreamPackage } from './stream-package.ts';

export interface EndedPackageOptions {
  readonly latency: LatencyName;
  /** Above every media sequence number that viewers have seen. */
  readonly firstMsn: number;
  /** Above every discontinuity number that viewers have seen. An epoch that was never used before is high enough. */
  readonly discontinuityNumber: number;
  readonly offered: Offered;
  /** The date of the end, in milliseconds since 1970. */
  readonly endedAtMs: number;
}

/**
 * The end of a stream whose media is lost with its task. For players it is the same presentation: the multivariant
 * playlist is as it was, and each media playlist ends with a gap (EXT-X-GAP), because there must be some segment.
 */
export function endedPackage(options: EndedPackageOptions): StreamPackage {
  const { latency, firstMsn, discontinuityNumber, offered } = options;
  const { run, codecs, formerRenditions } = offered;
  const profile = LATENCY_PROFILES[latency];
  const { longestSeconds } = partLengthsWith(NO_PARTS, profile, run);
  const timeline: TimelineSnapshot = {
    segments: [lostSegment(options, profile.segmentSeconds)],
    listedFrom: 0,
    initSections: [],
    bitrates: NOTHING_MEASURED,
  };
  return new StreamPackage({
    latency,
    firstMsn,
    isEnded: true,
    discontinuityNumber,
    longestPartSeconds: longestSeconds,
    newest: { run, hasParts: true },
    offered: { run, codecs },
    timelines: [...renditionNames(run), ...formerRenditions].map((name) => ({ ...timeline, name })),
  });
}

function lostSegment(options: EndedPackageOptions, durationSeconds: number): Segment {
  return {
    msn: options.firstMsn,
    epoch: options.offered.run.epoch,
    discontinuityNumber: options.discontinuityNumber,
    programDateTimeMs: options.endedAtMs,
    durationSeconds,
    parts: [],
    isComplete: true,
    isGap: true,
  };
}
