/** A partial segment (RFC 8216bis 4.4.4.9): one CMAF chunk. */
export interface Part {
  readonly durationSeconds: number;
  /** Starts with an IDR frame, or is audio. */
  readonly isIndependent: boolean;
  readonly data: Buffer;
}

/** What is known of a media segment when its first sample arrives. */
export interface SegmentStart {
  /** Media sequence number. */
  readonly msn: number;
  readonly epoch: number;
  /** Number of discontinuities before it since the stream began; the same in all renditions. */
  readonly discontinuityNumber: number;
  /** Milliseconds since 1970. */
  readonly programDateTimeMs: number;
}

/** A media segment; its parts are its only copy of the media. */
export interface Segment extends SegmentStart {
  readonly parts: Part[];
  durationSeconds: number;
  /** No part will be added any more. */
  isComplete: boolean;
  /** Nothing was made for this stretch in this rendition (EXT-X-GAP). */
  readonly isGap: boolean;
}

/** Total size of a segment's media. */
export function segmentBytes(segment: Segment): number {
  return segment.parts.reduce((bytes, part) => bytes + part.data.length, 0);
}
