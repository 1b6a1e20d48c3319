import { readFile } from 'node:fs/promises';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { cachedClip } from '#kit/clip-cache.ts';
import { parseFlvFile } from '#kit/flv-file.ts';

/** What a publisher sends. Null leaves a track out. */
export interface SourceClip {
  readonly seconds: number;
  readonly video: {
    readonly width: number;
    readonly height: number;
    /** In FFmpeg's notation: `30` or `30000/1001`. */
    readonly frameRate: string;
    /** An FFmpeg filter that draws on a black picture. */
    readonly drawing?: string;
    readonly pixelFormat?: string;
    readonly bFrames?: number;
    readonly keyframeSeconds?: number;
    /** Whether there is one keyframe, and then recovery points. @default false */
    readonly intraRefresh?: boolean;
  } | null;
  readonly audio: { readonly sampleRateHz: number; readonly channels: 1 | 2 } | null;
}

/** White for the first tenth of every second, at the same time as the beep in every clip's audio. */
export const FLASH = "drawbox=t=fill:c=white:enable='lt(mod(t,1),0.1)'";
/** Brightness that grows by one step per frame, for up to 200 frames. */
export const BRIGHTNESS_COUNTER = "geq=lum='20+N':cb=128:cr=128";

/** The tags of a clip that FFmpeg makes, in the order in which a publisher sends them. */
export async function makeSourceTags(clip: SourceClip): Promise<readonly FlvTag[]> {
  const path = await cachedClip(ffmpegArguments(clip), 'flv');
  const { headers, audio, video } = parseFlvFile(await readFile(path));
  return [...headers, ...[...video, ...audio].toSorted((a, b) => a.timestampMs - b.timestampMs)];
}

function ffmpegArguments({ seconds, video, audio }: SourceClip): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
    ...(video === null ? [] : videoInput(video, seconds)),
    ...(audio === null ? [] : audioInput(audio, seconds)),
    ...(video === null ? [] : videoOptions(video)),
    ...(audio === null ? [] : ['-c:a', 'aac', '-b:a', '96k', '-ac', `${audio.channels}`]),
  ];
}

function videoInput(video: NonNullable<SourceClip['video']>, seconds: number): string[] {
  const { width, height, frameRate, drawing } = video;
  const picture = drawing === undefined ? 'testsrc2' : 'color';
  const size = `s=${width}x${height}:r=${frameRate}:d=${seconds}`;
  const source = drawing === undefined ? `${picture}=${size}` : `${picture}=black:${size},${drawing}`;
  return ['-f', 'lavfi', '-i', source];
}

function audioInput({ sampleRateHz }: NonNullable<SourceClip['audio']>, seconds: number): string[] {
  const beep = '0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.1)';
  return ['-f', 'lavfi', '-i', `aevalsrc=exprs='${beep}':s=${sampleRateHz}:d=${seconds}`];
}

function videoOptions(video: NonNullable<SourceClip['video']>): string[] {
  const keyframes = `expr:gte(t,n_forced*${video.keyframeSeconds ?? 1})`;
  const format = ['-pix_fmt', video.pixelFormat ?? 'yuv420p', '-bf', `${video.bFrames ?? 0}`];
  const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', ...format];
  if (video.intraRefresh) return [...encoder, '-x264-params', 'intra-refresh=1:keyint=50'];
  return [...encoder, '-g', '600', '-force_key_frames', keyframes];
}
