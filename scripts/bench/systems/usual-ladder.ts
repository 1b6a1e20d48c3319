import { audioKbps, DEFAULT_LADDER, ladderRungs, type Rung } from '#domain/ladders.ts';

/** Headend's default ladder, best rung first. */
export const LADDER: readonly Rung[] = ladderRungs(DEFAULT_LADDER);
export const AUDIO_KBPS = audioKbps(DEFAULT_LADDER);

/** Segment duration and keyframe interval of the systems with which Headend is compared. */
export const SEGMENT_SECONDS = 2;

/**
 * FFmpeg's encoder options as in typical recipes on the web, with speed and tuning for low latency. `suffix` selects
 * the output's stream if one muxer has several (`:0`). Otherwise it is empty.
 */
export function usualEncoderArguments(rung: Rung, suffix: string): string[] {
  const bitrate = `${rung.videoKbps}k`;
  return [
    ...[`-filter:v${suffix}`, `scale=-2:${rung.shortSide}`, `-b:v${suffix}`, bitrate],
    ...[`-maxrate:v${suffix}`, bitrate, `-bufsize:v${suffix}`, bitrate, `-b:a${suffix}`, `${AUDIO_KBPS}k`],
  ];
}

/** Options for codecs and keyframes, the same for all renditions. */
export const USUAL_CODEC_ARGUMENTS: readonly string[] = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-c:a', 'aac'],
  ...['-sc_threshold', '0', '-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_SECONDS})`],
];
