/** Arguments of FFmpeg for the sources that are published. */

export interface SourceOptions {
  /** @default 640 */
  readonly width?: number;
  /** @default 360 */
  readonly height?: number;
  /** Frames per second. @default 30 */
  readonly frameRate?: number;
  /** Filters of the picture. @default none */
  readonly videoFilter?: string;
  /** Filters of the sound. @default none */
  readonly audioFilter?: string;
  /** Options of x264. @default a keyframe every 2 s, 800 kbit/s */
  readonly video?: readonly string[];
  /** Options of the sound's encoder. @default AAC at 48 kHz */
  readonly audio?: readonly string[];
}

export const USUAL_VIDEO = ['-g', '60', '-b:v', '800k', '-maxrate', '800k', '-bufsize', '800k'] as const;

/** A moving picture and a tone in real time, encoded for little CPU. What follows is the output's format and name. */
export function liveSource({
  width = 640,
  height = 360,
  frameRate = 30,
  videoFilter = 'null',
  audioFilter = 'anull',
  video = USUAL_VIDEO,
  audio = ['-c:a', 'aac', '-ar', '48000'],
}: SourceOptions = {}): readonly string[] {
  return [
    ...['-re', '-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${frameRate}`],
    ...['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'],
    ...['-vf', `${videoFilter},format=yuv420p`, '-af', audioFilter],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', ...video, ...audio],
  ];
}
