import type { LatencyName } from '#domain/latency-profiles.ts';
import type { VideoCodec } from '#domain/video-codecs.ts';

/** FFmpeg's options that choose and set up an encoder, without bitrates and GOPs, for a picture whose shorter side has so many pixels. */
type EncoderOptions = (shortSide: number, latency: LatencyName) => string[];

export const ENCODERS = { h264: x264, hevc: x265 } as const satisfies Record<VideoCodec, EncoderOptions>;

const tuning = (latency: LatencyName): string[] => (latency === 'standard' ? [] : ['-tune', 'zerolatency']);

function x264(shortSide: number, latency: LatencyName): string[] {
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', ...tuning(latency)],
    ...['-profile:v', shortSide >= 720 ? 'high' : 'main', '-pix_fmt', 'yuv420p', ...x264Threads(shortSide)],
    ...['-sc_threshold', '0'],
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
function x265(shortSide: number, latency: LatencyName): string[] {
  const parameters = {
    ...{ 'open-gop': 0, scenecut: 0, sao: 1, chromaloc: 0 },
    ...{ wpp: 0, pools: 'none', 'frame-threads': shortSide >= 1080 ? 4 : 2 },
    ...{ info: 0, 'log-level': 'error' },
  };
  const list = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return [
    ...['-c:v', 'libx265', '-preset', 'ultrafast', ...tuning(latency), '-tag:v', 'hvc1', '-pix_fmt', 'yuv420p'],
    ...['-forced-idr', '1', '-x265-params', list.join(':')],
  ];
}
