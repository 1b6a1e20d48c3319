/** What a published stream contains, so that FFmpeg does not have to probe it. At least one track is not null. */
export interface SourceDescription {
  readonly video: SourceVideo | null;
  readonly audio: SourceAudio | null;
}

export interface SourceVideo {
  readonly codec: 'h264' | 'hevc' | 'av1' | 'vp9';
  /** Square pixels, as displayed. */
  readonly width: number;
  readonly height: number;
  /** Frames per second; null if neither the headers nor the first tags show it. */
  readonly frameRate: number | null;
  /** What the decoder puts out, if that is not what is displayed. Missing means that it is. */
  readonly decoded?: DecodedPicture;
}

/** Transfer functions of a high dynamic range: SMPTE ST 2084 and ARIB STD-B67. */
export type HdrTransfer = 'pq' | 'hlg';

/** Pictures that have to be converted before they are displayed. */
export interface DecodedPicture {
  /** Pixels, not necessarily square. */
  readonly width: number;
  readonly height: number;
  /** Frames may consist of two fields that were taken one after the other. */
  readonly isInterlaced: boolean;
  /** Null for a standard dynamic range. */
  readonly hdr: HdrTransfer | null;
}

export interface SourceAudio {
  readonly codec: 'aac' | 'mp3' | 'opus' | 'flac' | 'ac3' | 'eac3';
  readonly sampleRateHz: number;
  readonly channels: number;
  /** As RFC 5646 writes it. Missing if nobody has said it. */
  readonly language?: string;
}

/** The publisher sends something that Headend cannot transcode. The message is for the broadcaster. */
export class UnsupportedSourceError extends Error {
  override readonly name = 'UnsupportedSourceError';
}

const MAX_SIDE_PIXELS = 16_384;

/** Whether a picture can be this wide or high. */
export function isPictureSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_SIDE_PIXELS;
}
