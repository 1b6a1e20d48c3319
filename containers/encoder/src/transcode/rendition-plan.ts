import type { SourcePicture } from '#domain/encoder-capacity.ts';
import { audioKbps, type LadderName, type Rung, sourceRungs } from '#domain/ladders.ts';
import { LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import {
  BASE_CODEC,
  codecKbps,
  DEFAULT_CODECS,
  renditionNameOf,
  VIDEO_CODECS,
  type VideoCodec,
} from '#domain/video-codecs.ts';
import {
  type AudioRendition,
  type FrameRate,
  framesPerSecond,
  type RunFormat,
  type VideoRendition,
} from '#encoder/media/media-run.ts';
import type { SourceDescription, SourceVideo } from '#encoder/media/source-description.ts';
import { snapFrameRate } from './frame-rates.ts';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** What is encoded, whatever the source is. */
export interface OutputPlan extends RunFormat {
  readonly latency: LatencyName;
}

/** Everything that is decided about an FFmpeg process before it starts. */
export interface RenditionPlan extends OutputPlan {
  /** Null for an audio-only source. */
  readonly source: SourcePicture | null;
  /** What FFmpeg decodes. */
  readonly input: SourceDescription;
}

/** Above this many frames per second, a rung uses its bitrate for high frame rates. */
const HIGH_FRAME_RATE_ABOVE = 30;
const KEPT_SAMPLE_RATES_HZ: readonly number[] = [44_100, 48_000];
const RESAMPLED_HZ = 48_000;

/**
 * Plans a source's renditions: the rungs that need no upscaling in each of the codecs, with one GOP length for all, and one audio
 * rendition.
 */
export function planRenditions(
  source: SourceDescription,
  ladder: LadderName,
  latency: LatencyName,
  codecs: readonly VideoCodec[] = DEFAULT_CODECS,
): RenditionPlan {
  const frameRate = source.video === null ? null : snapFrameRate(source.video.frameRate);
  return {
    latency,
    source: source.video === null ? null : pictureOf(source.video),
    input: source,
    video: source.video === null || frameRate === null ? [] : planVideo(source.video, ladder, frameRate, codecs),
    frameRate,
    keyframeFrames: frameRate === null ? null : keyframeFrames(frameRate, latency),
    audio: source.audio === null ? null : planAudio(source.audio, ladder),
  };
}

function planVideo(
  source: PictureSize,
  ladder: LadderName,
  frameRate: FrameRate,
  codecs: readonly VideoCodec[],
): VideoRendition[] {
  const shortSide = Math.min(source.width, source.height);
  const rungs = sourceRungs(ladder, shortSide);
  return VIDEO_CODECS.filter((codec) => codecs.includes(codec)).flatMap((codec) =>
    rungs.map((rung) => ({
      name: renditionNameOf(rung.name, codec),
      ...(codec === BASE_CODEC ? {} : { codec }),
      ...(rung.shortSide <= shortSide ? scaleToShortSide(source, rung.shortSide) : roundDownToEven(source)),
      videoKbps: codecKbps(rungKbps(rung, frameRate), codec),
    })),
  );
}

function pictureOf({ width, height, frameRate, decoded }: SourceVideo): SourcePicture {
  return { width, height, frameRate, isToneMapped: decoded !== undefined && decoded.hdr !== null };
}

/** The H.264 bitrate of a rung at a frame rate. */
export function rungKbps(rung: Rung, frameRate: FrameRate): number {
  return framesPerSecond(frameRate) > HIGH_FRAME_RATE_ABOVE ? rung.videoKbpsHighFrameRate : rung.videoKbps;
}

/** 4:2:0 chroma needs even sides. Rounds to the nearest, but never above the source: nothing is upscaled. */
function scaleToShortSide(source: PictureSize, shortSide: number): PictureSize {
  const sourceLongSide = Math.max(source.width, source.height);
  const nearest = 2 * Math.round((sourceLongSide * shortSide) / Math.min(source.width, source.height) / 2);
  const longSide = Math.min(nearest, sourceLongSide - (sourceLongSide % 2));
  return source.width < source.height ? { width: shortSide, height: longSide } : { width: longSide, height: shortSide };
}

function roundDownToEven({ width, height }: PictureSize): PictureSize {
  return { width: Math.max(2, width - (width % 2)), height: Math.max(2, height - (height % 2)) };
}

function keyframeFrames(frameRate: FrameRate, latency: LatencyName): number {
  return Math.max(1, Math.round(LATENCY_PROFILES[latency].keyframeSeconds * framesPerSecond(frameRate)));
}

function planAudio(source: NonNullable<SourceDescription['audio']>, ladder: LadderName): AudioRendition {
  return {
    sampleRateHz: KEPT_SAMPLE_RATES_HZ.includes(source.sampleRateHz) ? source.sampleRateHz : RESAMPLED_HZ,
    channels: source.channels === 1 ? 1 : 2,
    audioKbps: audioKbps(ladder),
    ...(source.language !== undefined && { language: source.language }),
  };
}
