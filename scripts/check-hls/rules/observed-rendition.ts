import type { InitTrack } from '../media/init-tracks.ts';

/** What one segment of a rendition was found to be. */
export interface JudgedSegment {
  readonly msn: number;
  /** The path of its file, which several I-frames may share. */
  readonly file: string;
  readonly startSeconds: number | null;
  readonly programDateTimeMs: number | null;
  readonly discontinuityNumber: number | null;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
  /** Of the main track. */
  readonly sampleSeconds: number;
  /** At least, over the whole segment. Null if there is no picture. */
  readonly framesPerSecond: number | null;
}

/** All that was seen of one media playlist. */
export interface ObservedRendition {
  readonly path: string;
  readonly targetDurationSeconds: number | null;
  readonly partTargetSeconds: number | null;
  readonly isIFramePlaylist: boolean;
  readonly segments: readonly JudgedSegment[];
  /** The main one of its newest init section. Null if none was loaded. */
  readonly track: InitTrack | null;
  /** All of that init section. */
  readonly tracks: readonly InitTrack[];
}
