import { LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import {
  type AudioRendition,
  type FrameRate,
  frameStep,
  type RunCuts,
  renditionFrameRate,
  renditionNames,
  type VideoRendition,
  videoCodec,
} from '#encoder/media/media-run.ts';
import { containerOf } from '#encoder/media/source-container.ts';
import { FIRST_OUTPUT_FD } from './ffmpeg-process.ts';
import { filterGraph } from './filter-graph.ts';
import { videoTimescale } from './frame-rates.ts';
import type { OutputPlan, RenditionPlan } from './rendition-plan.ts';
import { SOUND_LEVEL_OUTPUT, soundLevelFilters } from './sound-level.ts';
import { ENCODERS } from './video-encoders.ts';

/**
 * Media time of a run's first frame. It leaves room for encoder delay and AAC priming, because tfdt cannot be negative.
 */
export const RUN_START_SECONDS = 1;

/** A segment holds at most its nominal size plus one rate-control buffer: 1.25 times the bitrate. */
const BUFFER_PER_SEGMENT = 0.25;

/** The fragment length without parts. It is short, so that an FFmpeg that hangs is noticed. */
const MAX_FRAGMENT_SECONDS = 0.5;
const AUDIO_FRAGMENT_SHARE = 1 / 6;

/** One thread maps 27 pictures of 1080p a second on the machine on which that was measured. */
const TONE_MAPPING_THREADS = '4';

/** What FFmpeg writes for a plan, in the order of its pipes: a rendition each, and how loud the sound is. */
export const outputNames = (plan: OutputPlan): string[] =>
  plan.audio === null ? renditionNames(plan) : [...renditionNames(plan), SOUND_LEVEL_OUTPUT];

/**
 * FFmpeg's arguments (FFmpeg 5.1 to 7.1): FLV or Matroska on stdin, and a pipe for each of `outputNames`, which has fragmented MP4 if
 * it is a rendition. FFmpeg decodes the input before `startSeconds` but does not encode it:
 * output begins at that moment, with media time RUN_START_SECONDS. `cuts` say where parts and the first segment end.
 */
export function ffmpegArguments(plan: RenditionPlan, startSeconds: number, cuts?: RunCuts): string[] {
  const videoOutputs = plan.video.flatMap((_, index) => videoOutput(plan, index, cuts));
  const sound = plan.audio === null ? [] : [...audioSource(plan, plan.audio, startSeconds), ...audioOutput(plan)];
  return [...inputOptions(plan), ...filterGraph(plan, startSeconds), ...videoOutputs, ...sound];
}

/** The arguments that encode the graph's output `[vINDEX]` as the plan's video rendition of that index, and write it to its pipe. */
export function videoOutput(plan: OutputPlan, index: number, cuts?: RunCuts): string[] {
  const rendition = plan.video[index];
  if (rendition === undefined) throw new Error(`the plan has no video rendition ${index}`);
  return [
    ...['-map', `[v${index}]`, ...encoding(rendition, plan), ...forcedKeyframes(rendition, plan, cuts)],
    ...fragmentedMp4(FIRST_OUTPUT_FD + index, videoFragmentSeconds(rendition, plan, cuts)),
  ];
}

/** The arguments that encode the mapped sound as the plan's audio rendition, and write it to its pipe. */
export function audioOutput(plan: OutputPlan): string[] {
  if (plan.audio === null) throw new Error('the plan has no audio');
  return [
    ...audioCodec(plan.audio),
    ...fragmentedMp4(FIRST_OUTPUT_FD + plan.video.length, audioFragmentSeconds(plan, plan.audio)),
  ];
}

/**
 * The file's header describes the source completely, so probing ends with the first tags.
 * - Each additional decoder thread would hold back a frame.
 * - `-analyzeduration 0` would mean FLV's default of 90 s.
 * - `-fflags nobuffer` would drop the frames that were read while probing, and with them the first keyframe.
 */
function inputOptions({ source, input }: RenditionPlan): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning'],
    ...['-filter_complex_threads', source?.isToneMapped ? TONE_MAPPING_THREADS : '1', '-filter_threads', '1'],
    ...['-copyts', '-probesize', '32768', '-analyzeduration', '1', '-fpsprobesize', '0'],
    ...['-threads', '1', '-f', containerOf(input), '-i', 'pipe:0'],
  ];
}

/** Encoders place IDR frames by count only, so that they fall on the same frame in every rendition. */
function encoding(rendition: VideoRendition, { latency, frameRate, keyframeFrames }: OutputPlan): string[] {
  if (frameRate === null || keyframeFrames === null) throw new Error(`rendition ${rendition.name} has no frame rate`);
  const gopFrames = keyframeFrames / frameStep(rendition);
  const shortSide = Math.min(rendition.width, rendition.height);
  const { videoKbps } = rendition;
  const encoder = ENCODERS[videoCodec(rendition)];
  const bufferKbit = Math.round(videoKbps * LATENCY_PROFILES[latency].segmentSeconds * BUFFER_PER_SEGMENT);
  return [
    ...['-c:v', encoder.name, ...encoder.options({ shortSide, videoKbps, latency })],
    ...['-b:v', `${videoKbps}k`, '-maxrate', `${videoKbps}k`, '-bufsize', `${bufferKbit}k`],
    ...['-g', `${gopFrames}`, '-keyint_min', `${gopFrames}`, '-bf', '0'],
    ...constantFrameRate(renditionFrameRate(frameRate, rendition)),
  ];
}

/** Ends the first GOP where the first segment ends. Most encoders count the next ones from there. */
function forcedKeyframes(rendition: VideoRendition, { keyframeFrames }: OutputPlan, cuts?: RunCuts): string[] {
  if (keyframeFrames === null) return [];
  const gopFrames = keyframeFrames / frameStep(rendition);
  const firstFrames = (cuts?.firstSegmentFrames ?? keyframeFrames) / frameStep(rendition);
  if (ENCODERS[videoCodec(rendition)].needsForcedKeyframes) {
    return ['-force_key_frames', `expr:not(mod(n-${firstFrames % gopFrames},${gopFrames}))`];
  }
  return firstFrames % gopFrames === 0 ? [] : ['-force_key_frames', `expr:eq(n,${firstFrames})`];
}

/** Uses output options, because the fps filter would hold back a frame. */
function constantFrameRate(rate: FrameRate): string[] {
  return [
    ...['-fps_mode', 'cfr', '-r', `${rate.numerator}/${rate.denominator}`],
    ...['-video_track_timescale', `${videoTimescale(rate)}`],
  ];
}

/** Fills gaps in the source with silence, at the start too, so that audio is as continuous as video. */
function audioSource(plan: OutputPlan, { sampleRateHz }: AudioRendition, startSeconds: number): string[] {
  const filters = `atrim=start=${startSeconds},asetpts=PTS-${startSeconds}/TB,aresample=${sampleRateHz}:async=1:first_pts=0`;
  const levelFd = FIRST_OUTPUT_FD + outputNames(plan).indexOf(SOUND_LEVEL_OUTPUT);
  return ['-map', '0:a:0', '-af', `${filters},${soundLevelFilters(sampleRateHz, levelFd)}`];
}

function audioCodec({ sampleRateHz, channels, audioKbps }: AudioRendition): string[] {
  return ['-c:a', 'aac', '-b:a', `${audioKbps}k`, '-ar', `${sampleRateHz}`, '-ac', `${channels}`];
}

/**
 * A video fragment is as long as a part, which has whole frames of every rendition. A part is only published when its
 * last frame is there, so waking the packager for each frame would gain nothing.
 */
function videoFragmentSeconds(
  rendition: VideoRendition,
  { latency, frameRate, video }: OutputPlan,
  cuts?: RunCuts,
): number {
  if (frameRate === null) throw new Error('the plan has video without a frame rate');
  const frameSeconds = frameRate.denominator / frameRate.numerator;
  const longestStep = Math.max(...video.map(frameStep));
  const nominalFrames =
    Math.ceil(Math.ceil(fragmentSeconds(latency) / frameSeconds - 1e-9) / longestStep) * longestStep;
  const hasParts = LATENCY_PROFILES[latency].partSeconds !== null;
  const runFrames = hasParts && cuts !== undefined ? cuts.partFrames : nominalFrames;
  const step = frameStep(rendition);
  return muxerDuration(runFrames / step, frameSeconds * step);
}

/** Audio parts end where video parts end, not where fragments do. Short fragments do not delay a part for long. */
function audioFragmentSeconds({ latency }: OutputPlan, { sampleRateHz }: AudioRendition): number {
  const frameSeconds = AAC_FRAME_SAMPLES / sampleRateHz;
  const frames = Math.max(1, Math.round((fragmentSeconds(latency) * AUDIO_FRAGMENT_SHARE) / frameSeconds));
  return muxerDuration(frames, frameSeconds);
}

function fragmentSeconds(latency: LatencyName): number {
  return LATENCY_PROFILES[latency].partSeconds ?? MAX_FRAGMENT_SECONDS;
}

/** The muxer compares durations when the next frame comes, so half a frame less makes the number of frames exact. */
function muxerDuration(frames: number, frameSeconds: number): number {
  return (frames - 0.5) * frameSeconds;
}

/**
 * Fragmented MP4 on a pipe. A fragment ends before each video keyframe and after `durationSeconds`. Without
 * `frag_discont`, or with shifted timestamps, the muxer would start every track at zero and so move audio by its
 * priming. With these options, tfdt is the true decoding time, and the first audio packet is 1024 samples early.
 */
function fragmentedMp4(fileDescriptor: number, durationSeconds: number): string[] {
  const movflags = '+cmaf+frag_keyframe+delay_moov+default_base_moof+frag_discont';
  return [
    ...['-avoid_negative_ts', 'disabled', '-output_ts_offset', `${RUN_START_SECONDS}`],
    ...['-movflags', movflags, '-frag_duration', `${Math.round(durationSeconds * 1e6)}`, '-flush_packets', '1'],
    ...['-map_metadata', '-1', '-f', 'mp4', `pipe:${fileDescriptor}`],
  ];
}
