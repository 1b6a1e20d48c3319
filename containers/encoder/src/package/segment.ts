/** A partial segment (RFC 8216bis 4.4.4.9): one CMAF chunk. `Media` is what stands for its bytes. */
export interface Part<Media = Buffer> {
  readonly durationSeconds: number;
  /** Whether it starts with an IDR frame, or is audio. */
  readonly isIndependent: boolean;
  readonly data: Media;
}

/**
 * A stretch of media in one run's epoch whose times follow from its durations: a Period of a DASH manifest. Its segments share it.
 */
export interface MediaPeriod {
  /** The stream's media time at which it begins. */
  readonly mediaSeconds: number;
  /** The date of its beginning, in milliseconds since 1970; never before the end of the period before it. */
  readonly presentationMs: number;
}

/** What is known about a media segment when its first part is added. */
export interface SegmentStart {
  /** Media sequence number. */
  readonly msn: number;
  readonly epoch: number;
  /** Number of discontinuities before it; the same in all renditions. */
  readonly discontinuityNumber: number;
  /** Milliseconds since 1970. */
  readonly programDateTimeMs: number;
  /** The epoch in the name of its init section, if that is of another run and is not in memory. */
  readonly mapEpoch?: number;
  /** Media time of its first frame, which goes on over all runs of the stream. A gap has that of the media before it. */
  readonly mediaSeconds: number;
  /** Missing if its media was lost with another task. */
  readonly period?: MediaPeriod;
}

/** A media segment. Its parts are the only copy of its media. */
export interface Segment<Media = Buffer> extends SegmentStart {
  readonly parts: Part<Media>[];
  durationSeconds: number;
  /** No more parts will be added. */
  isComplete: boolean;
  /** This rendition has no media for this segment (EXT-X-GAP). */
  readonly isGap: boolean;
}

/** Media time at which a segment ends, or its parts so far. */
export function endSeconds({ mediaSeconds, durationSeconds, isGap }: Segment<unknown>): number {
  return isGap ? mediaSeconds : mediaSeconds + durationSeconds;
}

/** The size of a segment's media. */
export function segmentBytes(segment: Segment): number {
  return segment.parts.reduce((bytes, part) => bytes + part.data.length, 0);
}
