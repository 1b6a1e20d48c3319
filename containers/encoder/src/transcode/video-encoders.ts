import type { LatencyName } from '#domain/latency-profiles.ts';
import type { VideoCodec } from '#domain/video-codecs.ts';

/** What an encoder is set up for. */
interface EncodedPicture {
  /** Pixels of the picture's shorter side. */
  readonly shortSide: number;
  readonly videoKbps: number;
  readonly latency: LatencyName;
}

interface VideoEncoder {
  /** FFmpeg's name of it. */
  readonly name: string;
  /** It places no keyframes of its own, so each one is asked for. */
  readonly needsForcedKeyframes?: true;
  /** Its own options, without the bitrates and GOPs that all have. */
  readonly options: (picture: EncodedPicture) => string[];
}

export const ENCODERS = {
  h264: { name: 'libx264', options: x264 },
  hevc: { name: 'libx265', options: x265 },
  av1: { name: 'libaom-av1', needsForcedKeyframes: true, options: libaom },
} satisfies Record<VideoCodec, VideoEncoder> as Readonly<Record<VideoCodec, VideoEncoder>>;

const tuning = (latency: LatencyName): string[] => (latency === 'standard' ? [] : ['-tune', 'zerolatency']);

/**
 * `veryfast` without divided blocks in P frames and with the simplest search for motion. The CPU that this saves goes to trellis, which
 * does more for the picture.
 */
function x264({ shortSide, latency }: EncodedPicture): string[] {
  return [
    ...['-preset', 'veryfast', ...tuning(latency), '-profile:v', 'high', '-pix_fmt', 'yuv420p', '-sc_threshold', '0'],
    ...['-partitions', 'i8x8,i4x4', '-motion-est', 'dia', '-trellis', '1', ...x264Threads(shortSide)],
  ];
}

/**
 * Each x264 needs threads of its own: FFmpeg before 7.0 runs all encoders in turn on a single thread, and a ladder
 * takes all of its time. Two frame threads hold back one frame and cost no more CPU than one thread. Four would hold
 * back three frames, so large pictures, for which two threads are too slow, use slice threads instead.
 */
function x264Threads(shortSide: number): string[] {
  return shortSide >= 1080 ? ['-threads', '4'] : ['-threads', '2', '-x264-params', 'sliced-threads=0'];
}

/**
 * - Players of Apple's take `hvc1` alone, whose parameter sets are in the init section.
 * - A forced keyframe is an IDR frame, and so is each first frame of a GOP.
 * - The fastest preset with its loop filter (SAO) is about as good as x264 is with the bitrate that H.264 has; without SAO, only presets
 *   that take nearly twice the CPU are.
 * - Frame threads only, as many as x264 has, for the same reason. Rows in parallel would cost more CPU.
 * - The position of chroma is that of the usual source, so that a slate's parameters are the same.
 */
function x265({ shortSide, latency }: EncodedPicture): string[] {
  const parameters = {
    ...{ 'open-gop': 0, scenecut: 0, sao: 1, chromaloc: 0 },
    ...{ wpp: 0, pools: 'none', 'frame-threads': shortSide >= 1080 ? 4 : 2 },
    ...{ info: 0, 'log-level': 'error' },
  };
  const list = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return [
    ...['-preset', 'ultrafast', ...tuning(latency), '-tag:v', 'hvc1', '-pix_fmt', 'yuv420p'],
    ...['-forced-idr', '1', '-x265-params', list.join(':')],
  ];
}

/**
 * - Only the real-time mode is fast enough. Without frames to look ahead at, it holds none back, and puts out each frame as it is shown.
 * - A least bitrate that is the highest one, too, is FFmpeg's way to ask for a constant bitrate. Without cyclic refresh (`-aq-mode 3`),
 *   the media have up to a quarter more. With narrow limits for each frame, they have about what was asked for.
 * - Rows are encoded in parallel. A frame is done before the next one is taken, so FFmpeg before 7.0, which runs all encoders in turn,
 *   waits for each.
 */
function libaom({ shortSide, videoKbps }: EncodedPicture): string[] {
  return [
    ...['-usage', 'realtime', '-lag-in-frames', '0', '-cpu-used', '8', '-aq-mode', '3'],
    ...['-undershoot-pct', '100', '-overshoot-pct', '15'],
    ...['-pix_fmt', 'yuv420p', '-row-mt', '1', '-threads', shortSide >= 720 ? '4' : '2', '-minrate', `${videoKbps}k`],
  ];
}
