import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import type { AudioRendition, FrameRate, VideoRendition } from '#encoder/media/encoder-run.ts';
import { videoTimescale } from './frame-rates.ts';
import type { PictureSize, RenditionPlan } from './rendition-plan.ts';

/** Media time of a run's first frame, in seconds: room for encoder delay and AAC priming below it, since tfdt cannot be negative. */
export const RUN_START_SECONDS = 1;

/** The first output's file descriptor; the others follow in order. */
const FIRST_OUTPUT_FD = 3;

/** A segment of `segmentSeconds` holds at most its nominal size and one full rate-control buffer: 1.25 times the bitrate. */
const BUFFER_PER_SEGMENT = 0.25;

/** Without parts: short enough that an encoder which hangs is noticed. */
const MAX_FRAGMENT_SECONDS = 0.5;
const AUDIO_FRAGMENT_SHARE = 1 / 6;

/** Rendition names in the order of FFmpeg's output pipes: video best first, then audio. */
export function outputNames(plan: RenditionPlan): string[] {
  const video = plan.video.map((rendition) => rendition.name);
  return plan.audio === null ? video : [...video, AUDIO_RENDITION];
}

/**
 * FFmpeg's argument vector (FFmpeg 5.1 to 7.1): FLV on stdin, one fragmented MP4 on a pipe for each of `outputNames`.
 * Input before `startSeconds` of the FLV's timeline is decoded but not encoded; that moment becomes RUN_START_SECONDS.
 */
export function ffmpegArguments(plan: RenditionPlan, startSeconds: number): string[] {
  const videoOutputs = plan.video.flatMap((rendition, index) => [
    ...['-map', `[v${index}]`, ...videoEncoder(rendition, plan)],
    ...fragmentedMp4(FIRST_OUTPUT_FD + index, videoFragmentSeconds(plan)),
  ]);
  const audioOutput =
    plan.audio === null
      ? []
      : [
          ...audioEncoder(plan.audio, startSeconds),
          ...fragmentedMp4(FIRST_OUTPUT_FD + plan.video.length, audioFragmentSeconds(plan, plan.audio)),
        ];
  return [...INPUT, ...scalerGraph(plan, startSeconds), ...videoOutputs, ...audioOutput];
}

/**
 * The FLV header and sequence headers say all there is to know, so probing ends with the first tags. A decoder thread of its
 * own would hold back a frame for each thread; -analyzeduration 0 would mean the default of 90 s for FLV; -fflags nobuffer would
 * drop the frames that were read while probing, and with them the first keyframe.
 */
const INPUT = [
  ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning'],
  ...['-filter_complex_threads', '1', '-filter_threads', '1'],
  ...['-copyts', '-probesize', '32768', '-analyzeduration', '1', '-fpsprobesize', '0'],
  ...['-threads', '1', '-f', 'flv', '-i', 'pipe:0'],
];

/** One chain in which each rendition is scaled from the next larger one. */
function scalerGraph({ video, sourceSize }: RenditionPlan, startSeconds: number): string[] {
  if (video.length === 0 || sourceSize === null) return [];
  const start = `trim=start=${startSeconds},setpts=PTS-${startSeconds}/TB,format=yuv420p,setsar=1`;
  const links = video.map((rendition, index) => {
    const above = video[index - 1] ?? sourceSize;
    const filters = [
      ...(index === 0 ? [start] : []),
      ...(isSameSize(rendition, above) ? [] : [`scale=${rendition.width}:${rendition.height},setsar=1`]),
      ...(index < video.length - 1 ? ['split=2'] : []),
    ];
    const input = index === 0 ? '[0:v:0]' : `[s${index}]`;
    const outputs = index < video.length - 1 ? `[v${index}][s${index + 1}]` : `[v${index}]`;
    return `${input}${filters.length > 0 ? filters.join(',') : 'null'}${outputs}`;
  });
  return ['-filter_complex', links.join(';')];
}

function isSameSize(a: PictureSize, b: PictureSize): boolean {
  return a.width === b.width && a.height === b.height;
}

/** x264 with IDR frames by count only, so that they fall on the same frame in every rendition. */
function videoEncoder(rendition: VideoRendition, { latency, frameRate, keyframeFrames }: RenditionPlan): string[] {
  if (frameRate === null || keyframeFrames === null) throw new Error(`rendition ${rendition.name} has no frame rate`);
  const shortSide = Math.min(rendition.width, rendition.height);
  const bufferKbit = Math.round(rendition.videoKbps * LATENCY_PROFILES[latency].segmentSeconds * BUFFER_PER_SEGMENT);
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', ...(latency === 'standard' ? [] : ['-tune', 'zerolatency'])],
    ...['-profile:v', shortSide >= 720 ? 'high' : 'main', '-pix_fmt', 'yuv420p', ...encoderThreads(shortSide)],
    ...['-b:v', `${rendition.videoKbps}k`, '-maxrate', `${rendition.videoKbps}k`, '-bufsize', `${bufferKbit}k`],
    ...['-g', `${keyframeFrames}`, '-keyint_min', `${keyframeFrames}`, '-sc_threshold', '0', '-bf', '0'],
    ...constantFrameRate(frameRate),
  ];
}

/**
 * x264 beside the other encoders: FFmpeg before 7.0 runs them one after the other in a single thread, which a ladder fills. Two
 * frames at a time hold back one frame and cost no more than one; four would hold back three, so that large pictures, which miss
 * real time with two, are divided into slices instead.
 */
function encoderThreads(shortSide: number): string[] {
  return shortSide >= 1080 ? ['-threads', '4'] : ['-threads', '2', '-x264-params', 'sliced-threads=0'];
}

/** By output option, as the fps filter holds back a frame. */
function constantFrameRate(rate: FrameRate): string[] {
  return [
    ...['-fps_mode', 'cfr', '-r', `${rate.numerator}/${rate.denominator}`],
    ...['-video_track_timescale', `${videoTimescale(rate)}`],
  ];
}

/** Gaps in the source become silence, at the start too, so that audio is as continuous as video. */
function audioEncoder({ sampleRateHz, channels, audioKbps }: AudioRendition, startSeconds: number): string[] {
  const filters = `atrim=start=${startSeconds},asetpts=PTS-${startSeconds}/TB,aresample=${sampleRateHz}:async=1:first_pts=0`;
  return [
    ...['-map', '0:a:0', '-af', filters],
    ...['-c:a', 'aac', '-b:a', `${audioKbps}k`, '-ar', `${sampleRateHz}`, '-ac', `${channels}`],
  ];
}

/**
 * Length of a video fragment: a part. A part is published when its last frame is there, so the others need not wake the
 * packager one by one.
 */
function videoFragmentSeconds({ latency, frameRate }: RenditionPlan): number {
  if (frameRate === null) throw new Error('video without a frame rate');
  const frameSeconds = frameRate.denominator / frameRate.numerator;
  const frames = Math.ceil(fragmentSeconds(latency) / frameSeconds - 1e-9);
  return muxerDuration(frames, frameSeconds);
}

/** Audio parts end where video parts do, on no grid of their own: fragments are short, so that none holds a part up for long. */
function audioFragmentSeconds({ latency }: RenditionPlan, { sampleRateHz }: AudioRendition): number {
  const frameSeconds = AAC_FRAME_SAMPLES / sampleRateHz;
  const frames = Math.max(1, Math.round((fragmentSeconds(latency) * AUDIO_FRAGMENT_SHARE) / frameSeconds));
  return muxerDuration(frames, frameSeconds);
}

function fragmentSeconds(latency: LatencyName): number {
  return LATENCY_PROFILES[latency].partSeconds ?? MAX_FRAGMENT_SECONDS;
}

/** The muxer compares when the next frame comes; half a frame less makes the count exact. */
function muxerDuration(frames: number, frameSeconds: number): number {
  return (frames - 0.5) * frameSeconds;
}

/**
 * Fragmented MP4 on a pipe, a fragment ending at each video keyframe and after a duration. Without frag_discont or with shifted timestamps the muxer would start every track at zero and
 * so move audio by its priming; like this tfdt is the true decoding time, and the first audio packet lies 1024 samples early.
 */
function fragmentedMp4(fileDescriptor: number, durationSeconds: number): string[] {
  const movflags = '+cmaf+frag_keyframe+delay_moov+default_base_moof+frag_discont';
  return [
    ...['-avoid_negative_ts', 'disabled', '-output_ts_offset', `${RUN_START_SECONDS}`],
    ...['-movflags', movflags, '-frag_duration', `${Math.round(durationSeconds * 1e6)}`, '-flush_packets', '1'],
    ...['-map_metadata', '-1', '-f', 'mp4', `pipe:${fileDescriptor}`],
  ];
}
