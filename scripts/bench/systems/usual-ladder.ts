import { audioKbps, DEFAULT_LADDER, ladderRungs, type Rung } from '#domain/ladders.ts';

/** The same ladder that Headend makes by default, best first. */
export const LADDER: readonly Rung[] = ladderRungs(DEFAULT_LADDER);
export const AUDIO_KBPS = audioKbps(DEFAULT_LADDER);

/** Segments and keyframes of the systems that Headend is compared with. */
export const SEGMENT_SECONDS = 2;

/**
 * FFmpeg's encoder options as recipes on the web have them, with the speed and tuning that low latency asks for. `suffix`
 * names the output's stream where one muxer takes several (`:0`), else it is empty.
 */
export function usualEncoderArguments(rung: Rung, suffix: string): string[] {
  const bitrate = `${rung.videoKbps}k`;
  return [
    ...[`-filter:v${suffix}`, `scale=-2:${rung.shortSide}`, `-b:v${suffix}`, bitrate],
    ...[`-maxrate:v${suffix}`, bitrate, `-bufsize:v${suffix}`, bitrate, `-b:a${suffix}`, `${AUDIO_KBPS}k`],
  ];
}

/** Codecs and keyframes, the same for every rendition. */
export const USUAL_CODEC_ARGUMENTS: readonly string[] = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-c:a', 'aac'],
  ...['-sc_threshold', '0', '-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_SECONDS})`],
];
