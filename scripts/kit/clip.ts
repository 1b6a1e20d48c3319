import { cachedClip } from './clip-cache.ts';
import { COUNTER } from './frame-counter.ts';

/** The properties of a test clip. */
export interface ClipOptions {
  readonly width: number;
  readonly height: number;
  /** Frames per second in FFmpeg's notation: `30` or `30000/1001`. */
  readonly frameRate: string;
  readonly seconds: number;
  readonly videoKbps: number;
  /** 0 for low latency. OBS sends 2 by default. */
  readonly bFrames: number;
  /** Keyframe interval. */
  readonly keyframeSeconds: number;
  /** Whether there is an audio track: AAC, stereo, 48 kHz. */
  readonly hasAudio: boolean;
  /** What the frame counter shows in the first frame. @default 0 */
  readonly firstFrameNumber?: number;
}

/**
 * The clip of the benchmarks, and the defaults of all others. 24 seconds are a whole number of frames at 30 fps and of
 * AAC frames at 48 kHz, so that video and audio repeat at the same instant. 20 seconds would be 937.5 AAC frames.
 */
export const BENCH_CLIP: ClipOptions = {
  width: 1280,
  height: 720,
  frameRate: '30',
  seconds: 24,
  videoKbps: 3_000,
  bFrames: 0,
  keyframeSeconds: 2,
  hasAudio: true,
};

/**
 * Makes an FLV (H.264 High, AAC) that shows a noisy moving picture with the frame counter, and a white flash with a
 * beep in the first tenth of every second.
 */
export async function makeClip(options: Partial<ClipOptions> = {}): Promise<string> {
  return await cachedClip(ffmpegArguments({ ...BENCH_CLIP, ...options }), 'flv');
}

function ffmpegArguments(clip: ClipOptions): string[] {
  const { width, height, frameRate, seconds, videoKbps, keyframeSeconds } = clip;
  const picture = `testsrc2=size=${width}x${height}:rate=${frameRate}:duration=${seconds}`;
  const beep = '0.5*sin(2*PI*1000*t)*lt(mod(t,1),0.1)';
  const sound = ['-f', 'lavfi', '-i', `aevalsrc=exprs='${beep}|${beep}':sample_rate=48000:duration=${seconds}`];
  const keyframes = ['-force_key_frames', `expr:gte(t,n_forced*${keyframeSeconds})`, '-sc_threshold', '0', '-g', '600'];
  const bitrate = ['-b:v', `${videoKbps}k`, '-maxrate', `${videoKbps}k`, '-bufsize', `${videoKbps}k`];
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-f', 'lavfi', '-i', picture],
    ...(clip.hasAudio ? [...sound, '-map', '1:a', '-c:a', 'aac', '-b:a', '128k'] : []),
    ...['-filter_complex', `[0:v]noise=alls=12:allf=t,${drawings(clip)},format=yuv420p[v]`, '-map', '[v]'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-bf', String(clip.bFrames)],
    ...[...keyframes, ...bitrate],
  ];
}

/** FFmpeg filters that draw the flash and the counter. A disabled `drawbox` costs next to nothing. */
function drawings({ width, height, firstFrameNumber }: ClipOptions): string {
  const number = firstFrameNumber === undefined ? 'n' : `n+${firstFrameNumber}`;
  const box = (x: number, y: number, boxWidth: number, boxHeight: number, rest: string): string =>
    `drawbox=x=${x}:y=${y}:w=${boxWidth}:h=${boxHeight}:t=fill:${rest}`;
  const flash = [0, Math.round(height * 0.75), Math.round(width / 8), Math.ceil(height / 4)] as const;
  const edge = (cell: number): number => Math.round((COUNTER.left + cell * COUNTER.cellWidth) * width);
  const rowHeight = Math.round(height * COUNTER.cellHeight);
  const filters = [
    box(...flash, 'c=black'),
    box(...flash, "c=white:enable='lt(mod(t,1),0.1)'"),
    box(edge(0), 0, edge(COUNTER.bits) - edge(0), 2 * rowHeight, 'c=black'),
  ];
  for (let cell = 0; cell < COUNTER.bits; cell++) {
    const isOne = `bitand(${number},${2 ** (COUNTER.bits - 1 - cell)})`;
    const cellWidth = edge(cell + 1) - edge(cell);
    filters.push(box(edge(cell), 0, cellWidth, rowHeight, `c=white:enable='${isOne}'`));
    filters.push(box(edge(cell), rowHeight, cellWidth, rowHeight, `c=white:enable='not(${isOne})'`));
  }
  return filters.join(',');
}
