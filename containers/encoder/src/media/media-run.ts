import { isDeepStrictEqual } from 'node:util';
import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { BASE_CODEC, type ExtraCodec, type VideoCodec } from '#domain/video-codecs.ts';
import type { TimedMessage } from './timed-message.ts';

/** Frames per second as a fraction, because FFmpeg needs the exact value (30000/1001). */
export interface FrameRate {
  readonly numerator: number;
  readonly denominator: number;
}

/** A transcoded picture size in a codec. Width and height are even. */
export interface VideoRendition {
  /** The name of its rung, with that of its codec unless that is H.264. It is also its folder in URLs. */
  readonly name: string;
  /** Missing means H.264, which every player has. */
  readonly codec?: ExtraCodec;
  readonly width: number;
  readonly height: number;
  readonly videoKbps: number;
  /** The rendition has every n-th frame of the run. Missing means every frame. It divides the run's GOP. */
  readonly frameStep?: number;
}

export interface AudioRendition {
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly audioKbps: number;
  /** As RFC 5646 writes it. Missing if nobody has said it. */
  readonly language?: string;
}

/** The parts of a run that decide what players can continue with, and where its media is cut. */
export interface RunFormat {
  /**
   * Those in H.264 first, and of each codec the best first; empty for an audio-only source. All renditions begin with the same
   * frame.
   */
  readonly video: readonly VideoRendition[];
  /** The constant frame rate of the run; null without video. A rendition with a `frameStep` has a fraction of it. */
  readonly frameRate: FrameRate | null;
  /** Frames of the run from one IDR frame to the next; null without video. */
  readonly keyframeFrames: number | null;
  readonly audio: AudioRendition | null;
}

/** What one FFmpeg process makes: a value that another task can be told. */
export interface RunDescription extends RunFormat {
  /** Part of every media file's name. No two runs of a stream have the same epoch. */
  readonly epoch: number;
}

/** A frame of a video rendition, as a run puts it out. */
export interface CodedFrame {
  /** When it is shown, on the run's media timeline. */
  readonly mediaSeconds: number;
  /** Whether it is an IDR frame. */
  readonly isSync: boolean;
  readonly data: Buffer;
}

/** Something that the publisher said at a moment of a run's media. */
export interface TimedDatum {
  readonly mediaSeconds: number;
  /** How much later that is of which it speaks. */
  readonly leadSeconds: number;
  readonly message: TimedMessage;
}

/** The media that one FFmpeg process makes. It never changes; a different output is a new run with a new epoch. */
export interface MediaRun extends RunDescription {
  /** The wall-clock time (milliseconds since 1970) at which a moment of the run's media timeline was ingested. */
  wallClockMs(mediaSeconds: number): number;
  /**
   * How often the publisher had been away by a moment of the run's media timeline. Its media goes on where it stopped, and
   * the wall clock has gone on meanwhile.
   */
  absencesBy(mediaSeconds: number): number;
  /**
   * How long the source had sent no picture at a moment of the run's media timeline, while its sound went on; 0 if it did. Missing
   * means that it always did.
   */
  pictureMissingSeconds?(mediaSeconds: number): number;
  /**
   * What viewers get for a frame of a video rendition. It takes the frame's place in its GOP. Gets every frame, in order. Missing
   * means the frame itself.
   */
  shownData?(rendition: string, frame: CodedFrame): Buffer;
  /**
   * Takes what the publisher said before a moment of the run's media, once. What came late belongs to an earlier moment. Missing means
   * nothing.
   */
  takeTimedData?(untilSeconds: number): readonly TimedDatum[];
  /** Its first GOP can end where the sink's `cuts` say. Missing means that all GOPs are equally long. */
  readonly canBeginShort?: boolean;
}

/** Where a run's output is cut, in frames of the run, or of audio if there is no video. */
export interface RunCuts {
  readonly partFrames: number;
  /** After so many frames, the second segment begins, with an IDR frame. */
  readonly firstSegmentFrames: number;
}

/**
 * Takes a run's output: one fragmented MP4 byte stream per rendition, each a moov and then fragments of whole frames.
 */
export interface RunSink {
  /** Missing if nobody cuts the output. */
  readonly cuts?: RunCuts;
  /**
   * `rendition` is the name of a video rendition, or `audio`. The sink owns `chunk`, which may begin and end anywhere.
   * Returns how many frames the chunk completed. Throws if the bytes are not a fragmented MP4.
   */
  write(rendition: string, chunk: Buffer): number;
  /**
   * The process has exited and all its output was written. The sink drops an incomplete fragment, and what not all renditions
   * have. Returns where the next run may go on: the media time, on this run's timeline, at which what it has kept ends; 0 if it
   * kept nothing.
   */
  end(): number;
}

export function framesPerSecond({ numerator, denominator }: FrameRate): number {
  return numerator / denominator;
}

/** How many frames of its run one frame of a rendition stands for. */
export function frameStep(rendition: VideoRendition | undefined): number {
  return rendition?.frameStep ?? 1;
}

export function videoCodec(rendition: Pick<VideoRendition, 'codec'>): VideoCodec {
  return rendition.codec ?? BASE_CODEC;
}

/** The frame rate of a rendition in a run of `runRate`. */
export function renditionFrameRate(runRate: FrameRate, rendition: VideoRendition): FrameRate {
  const step = frameStep(rendition);
  return runRate.numerator % step === 0
    ? { numerator: runRate.numerator / step, denominator: runRate.denominator }
    : { numerator: runRate.numerator, denominator: runRate.denominator * step };
}

/** Names of a run's renditions: video in the order of the run, then audio. */
export function renditionNames({ video, audio }: Pick<RunFormat, 'video' | 'audio'>): string[] {
  const names = video.map(({ name }) => name);
  return audio === null ? names : [...names, AUDIO_RENDITION];
}

/** Whether both are coded alike. */
export function isSameFormat(a: RunFormat, b: RunFormat): boolean {
  const formatOf = ({ video, frameRate, keyframeFrames, audio }: RunFormat): RunFormat => ({
    ...{ video, frameRate, keyframeFrames, audio },
  });
  return isDeepStrictEqual(formatOf(a), formatOf(b));
}
