/** A rational number of frames a second, exact as FFmpeg takes it (30000/1001). */
export interface FrameRate {
  readonly numerator: number;
  readonly denominator: number;
}

/** One encoded picture size. Width and height are even. */
export interface VideoRendition {
  /** Its rung's name, which is its folder in URLs. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly videoKbps: number;
}

export interface AudioRendition {
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly audioKbps: number;
}

/** What one FFmpeg process makes: fixed for its life; any change is a new run with a new epoch. */
export interface EncoderRun {
  /** Part of every media name; no two runs of a stream ever have the same. */
  readonly epoch: number;
  /** Best first; empty for an audio-only source. All have the same frame times. */
  readonly video: readonly VideoRendition[];
  /** Constant frame rate of all video renditions; null without video. */
  readonly frameRate: FrameRate | null;
  /** Frames from one IDR frame to the next; null without video. */
  readonly keyframeFrames: number | null;
  readonly audio: AudioRendition | null;
  /** Wall clock of ingest (milliseconds since 1970) of a moment on the run's media timeline. */
  wallClockMs(mediaSeconds: number): number;
}

/** Takes a run's fragmented MP4: one byte stream a rendition, each a moov and then fragments of whole frames. */
export interface RunSink {
  /**
   * `rendition` is a video rendition's name or `audio`; chunks are owned by the sink and cut anywhere. Returns how many frames
   * the chunk completed. Throws where it is no fragmented MP4.
   */
  write(rendition: string, chunk: Buffer): number;
  /** The process has ended and all its output was written; what is incomplete is dropped. */
  end(): void;
}
