import { LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import { renditionNames } from '#encoder/media/media-run.ts';
import { MAX_EXCESS_SECONDS } from './cut-grid.ts';
import type { LastSegment, Offered } from './offered-renditions.ts';
import { FIRST_MEDIA_SECONDS } from './package-snapshot.ts';
import { streamPartTargetSeconds } from './part-target.ts';
import { endSeconds, type Segment } from './segment.ts';
import { NOTHING_MEASURED } from './segment-bitrates.ts';
import { type PackageStart, StreamPackage } from './stream-package.ts';

/** Each gap costs viewers nothing but its length on the time line. Many would fill the playlist. */
const MAX_MISSING_SEGMENTS = 32;

export interface LostPackageOptions {
  readonly latency: LatencyName;
  /** As the lost package last offered it. It may be some seconds old. */
  readonly offered: Offered;
  /** Above every media sequence number that viewers have seen. */
  readonly firstMsn: number;
}

export interface EndedPackageOptions extends LostPackageOptions {
  /** Not below any discontinuity number that viewers have seen; a new epoch is high enough. */
  readonly discontinuityNumber: number;
  /** The date of the end, in milliseconds since 1970. */
  readonly endedAtMs: number;
}

/**
 * The end of a stream whose media is lost with its task. The multivariant playlist stays as it was. Each media playlist
 * lists the last segment that is known, and ends: a player that has it, or has more, plays what it has and has ended
 * (hls.js 1.7.4 never ends after a gap). Nobody who comes later gets anything, but a cache may still have the segment.
 * A rendition without a known segment ends with a gap, because there must be some segment.
 */
export function endedPackage(options: EndedPackageOptions): StreamPackage {
  const { discontinuityNumber } = options;
  return new StreamPackage({ ...startOf(options, () => [gap(options)]), isEnded: true, discontinuityNumber });
}

/**
 * A stream that goes on although its media is lost with its task. Each rendition lists the last segment that is known.
 * The next run begins at `firstMsn`, with gaps (EXT-X-GAP) in between: a few segments above the last
 * one. Throws if it is more than 32 above. hls.js seeks over the gaps. A playlist that leaves numbers out would stop it (hls.js 1.7.4).
 */
export function resumedPackage(options: LostPackageOptions): StreamPackage {
  if (!isResumable(options)) throw new Error(`too many segments are missing before ${options.firstMsn}`);
  const numbers = Object.values(options.offered.lastSegments).map((last) => last.discontinuityNumber);
  // The lost task may have begun one more run since.
  const discontinuityNumber = numbers.length === 0 ? options.offered.run.epoch : Math.max(...numbers) + 1;
  return new StreamPackage({
    ...startOf(options, () => []),
    discontinuityNumber,
    firstMediaSeconds: mediaSecondsAfter(options),
  });
}

/**
 * A media time above all that viewers have seen: the lost task may have published the segments below `firstMsn`, each as long as
 * its EXTINF may be.
 */
function mediaSecondsAfter({ latency, offered, firstMsn }: LostPackageOptions): number {
  const longestSeconds = LATENCY_PROFILES[latency].segmentSeconds + MAX_EXCESS_SECONDS;
  const ends = Object.values(offered.lastSegments).map(
    (last) => endSeconds(lost(last)) + (firstMsn - last.msn) * longestSeconds,
  );
  return Math.max(FIRST_MEDIA_SECONDS, ...ends);
}

/** Whether `resumedPackage` takes them: the stream was away for so short a time that gaps can bridge it. */
export function isResumable({ offered, firstMsn }: Omit<LostPackageOptions, 'latency'>): boolean {
  return Object.values(offered.lastSegments).every(({ msn }) => firstMsn <= msn + 1 + MAX_MISSING_SEGMENTS);
}

/** What both have in common. `unknown` makes the segments of renditions of which no segment is known. */
function startOf({ latency, offered, firstMsn }: LostPackageOptions, unknown: () => Segment[]): PackageStart {
  const { run, codecs, lastSegments } = offered;
  const names = new Set([...renditionNames(run), ...Object.keys(lastSegments)]);
  return {
    latency,
    firstMsn,
    partTargetSeconds: offered.partTargetSeconds ?? streamPartTargetSeconds(LATENCY_PROFILES[latency], run),
    newest: { run, hasParts: true },
    offered: { run, codecs },
    captions: offered.captions ?? [],
    timelines: [...names].map((name) => ({
      name,
      segments: lastSegments[name] === undefined ? unknown() : [lost(lastSegments[name])],
      listedFrom: 0,
      initSections: [],
      bitrates: NOTHING_MEASURED,
    })),
  };
}

/** A segment that was once there. */
function lost(segment: LastSegment): Segment {
  return { ...segment, parts: [], isComplete: true, isGap: false };
}

function gap({ latency, offered, firstMsn, discontinuityNumber, endedAtMs }: EndedPackageOptions): Segment {
  return {
    ...{ msn: firstMsn, epoch: offered.run.epoch, discontinuityNumber, programDateTimeMs: endedAtMs, mediaSeconds: 0 },
    ...{ durationSeconds: LATENCY_PROFILES[latency].segmentSeconds, parts: [], isComplete: true, isGap: true },
  };
}
