import type { LatencyName } from '#domain/latency-profiles.ts';
import type { CaptionChannel } from '#encoder/media/closed-captions.ts';
import type { RunDescription } from '#encoder/media/media-run.ts';
import type { DateRange } from './date-ranges.ts';
import type { BitratesSnapshot } from './segment-bitrates.ts';
import type { SegmentRange } from './segment-window.ts';

/** A run that can be played in every rendition, so that the multivariant playlist can offer it. */
export interface OfferedRun {
  readonly run: RunDescription;
  /** RFC 6381 codec string of each rendition. */
  readonly codecs: Readonly<Record<string, string>>;
}

/** All that one rendition knows. Its segments are complete. `Media` is what stands for bytes of media. */
export interface TimelineSnapshot<Media = Buffer> extends SegmentRange<Media> {
  /** Those that the segments need. */
  readonly initSections: readonly InitSectionSnapshot<Media>[];
  readonly bitrates: BitratesSnapshot;
}

export interface InitSectionSnapshot<Media = Buffer> {
  readonly epoch: number;
  readonly data: Media;
}

/** All that a package knows between two runs. Another task can continue from it as if it were the same package. */
export interface PackageSnapshot<Media = Buffer> {
  readonly latency: LatencyName;
  /** Media sequence number of the first segment that the stream had. */
  readonly firstMsn: number;
  /** Media time at which the stream's media began, or at which the next run is to begin. */
  readonly firstMediaSeconds: number;
  readonly isEnded: boolean;
  /** The newest run's number of discontinuities before it. Null before the first run. */
  readonly discontinuityNumber: number | null;
  /** PART-TARGET. Null without a run. */
  readonly partTargetSeconds: number | null;
  /** The newest run, playable or not. */
  readonly newest: { readonly run: RunDescription; readonly hasParts: boolean } | null;
  /** Those that made the segments, oldest first. */
  readonly runs: readonly RunDescription[];
  readonly offered: OfferedRun | null;
  readonly captions: readonly CaptionChannel[];
  /** Null if the stream has none. */
  readonly title: string | null;
  readonly dateRanges: readonly DateRange[];
  /** In the order in which renditions came. Includes those that the newest run does not make. */
  readonly timelines: readonly (TimelineSnapshot<Media> & { readonly name: string })[];
}

/**
 * Media time at which a stream's media begins, unless it is said otherwise. It leaves room for audio that begins a little
 * before the picture, because tfdt cannot be negative.
 */
export const FIRST_MEDIA_SECONDS = 1;

/** What every package starts with, unless it continues a snapshot. */
export const EMPTY_PACKAGE: Omit<PackageSnapshot<never>, 'latency' | 'firstMsn'> = {
  firstMediaSeconds: FIRST_MEDIA_SECONDS,
  isEnded: false,
  discontinuityNumber: null,
  partTargetSeconds: null,
  newest: null,
  runs: [],
  offered: null,
  captions: [],
  title: null,
  dateRanges: [],
  timelines: [],
};

/** The same snapshot with something else in place of its media. */
export function mapMedia<From, To>(snapshot: PackageSnapshot<From>, map: (media: From) => To): PackageSnapshot<To> {
  const mapData = <Holder extends { readonly data: From }>(holder: Holder) => ({ ...holder, data: map(holder.data) });
  return {
    ...snapshot,
    timelines: snapshot.timelines.map((timeline) => ({
      ...timeline,
      initSections: timeline.initSections.map(mapData),
      segments: timeline.segments.map((segment) => ({ ...segment, parts: segment.parts.map(mapData) })),
    })),
  };
}

/** A run without its clock, which is of use only on the task that makes the run. */
export function describeRun({ epoch, video, frameRate, keyframeFrames, audio }: RunDescription): RunDescription {
  return { epoch, video, frameRate, keyframeFrames, audio };
}
