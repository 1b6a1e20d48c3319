import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AUDIO_RENDITION } from '#domain/ladders.ts';
import type { FrameRate, MediaRun, RunSink, VideoRendition } from '#encoder/media/media-run.ts';
import { RUN_START_SECONDS } from '#encoder/transcode/ffmpeg-arguments.ts';
import { videoTimescale } from '#encoder/transcode/frame-rates.ts';

export interface EncodedVideo {
  readonly frameRate: FrameRate;
  readonly keyframeFrames: number;
  readonly bFrames: number;
  /** @default as long as the others */
  readonly firstGopFrames?: number;
}

/** What FFmpeg encodes. Null leaves a track out. */
export interface EncodedRunOptions {
  readonly seconds: number;
  readonly video: EncodedVideo | null;
  readonly audio: { readonly sampleRateHz: number; readonly channels: 1 | 2 } | null;
  /** @default a test picture that moves */
  readonly picture?: 'black';
}

/** One rendition's fragmented MP4, split into its parts. */
export interface EncodedTrack {
  /** ftyp and moov. */
  readonly header: Buffer;
  /** Each is a moof and an mdat. In decoding order. */
  readonly frames: readonly Buffer[];
  /** What the muxer writes at the end. */
  readonly trailer: Buffer;
}

/** A run of real FFmpeg output, small enough to be encoded in a fraction of a second. */
export interface EncodedRun {
  readonly options: EncodedRunOptions;
  /** By rendition: `480p` and `360p`, unless there is no video, and `audio`, unless there is none. */
  readonly tracks: ReadonlyMap<string, EncodedTrack>;
}

export const FPS_30: FrameRate = { numerator: 30, denominator: 1 };
/** Six seconds at 30 frames a second with an IDR frame every two seconds, and AAC at 48 kHz. */
export const DEFAULT_RUN: EncodedRunOptions = {
  seconds: 6,
  video: { frameRate: FPS_30, keyframeFrames: 60, bFrames: 0 },
  audio: { sampleRateHz: 48_000, channels: 2 },
};
/** The default wall-clock time of media time 0 in `toMediaRun`. */
export const WALL_CLOCK_START_MS = Date.UTC(2026, 5, 1, 12);

/** Tiny pictures with the names of real rungs. */
const VIDEO_RENDITIONS: readonly VideoRendition[] = [
  { name: '480p', width: 128, height: 72, videoKbps: 1000 },
  { name: '360p', width: 64, height: 36, videoKbps: 600 },
];
/** Must change whenever the FFmpeg arguments below do, because encoded runs are kept and reused. */
const RECIPE_VERSION = 1;

/** Encodes with the real FFmpeg and muxes like transcode/. A run is encoded once and then reused. */
export async function encodeRun(options: Partial<EncodedRunOptions> = {}): Promise<EncodedRun> {
  const complete = { ...DEFAULT_RUN, ...options };
  const names = trackNames(complete);
  const digest = createHash('sha256')
    .update(JSON.stringify([RECIPE_VERSION, complete]))
    .digest('hex')
    .slice(0, 16);
  const folder = join(tmpdir(), 'headend-encoded-runs', digest);
  if (!existsSync(folder)) await encodeInto(folder, complete);
  const files = await Promise.all(names.map((name) => readFile(join(folder, `${name}.mp4`))));
  return { options: complete, tracks: new Map(files.map((file, index) => [names[index] ?? '', splitTrack(file)])) };
}

/** The description of a run, for the packager. */
export function toMediaRun(
  { options: { video, audio } }: EncodedRun,
  epoch: number,
  overrides: Partial<MediaRun> = {},
): MediaRun {
  return {
    epoch,
    video: video === null ? [] : VIDEO_RENDITIONS,
    frameRate: video?.frameRate ?? null,
    keyframeFrames: video?.keyframeFrames ?? null,
    audio: audio === null ? null : { ...audio, audioKbps: 128 },
    wallClockMs: (mediaSeconds) => WALL_CLOCK_START_MS + mediaSeconds * 1000,
    absencesBy: () => 0,
    ...(video?.firstGopFrames === undefined ? {} : { canBeginShort: true }),
    ...overrides,
  };
}

/** A chunk of one rendition's output. */
export interface FeedStep {
  readonly rendition: string;
  readonly chunk: Buffer;
}

/** All headers, then the frames of all renditions in the order of time, as a running FFmpeg writes them. */
export function interleaved({ tracks }: EncodedRun): FeedStep[] {
  const headers = [...tracks].map(([rendition, { header }]) => ({ rendition, chunk: header, progress: -1 }));
  const frames = [...tracks].flatMap(([rendition, track]) =>
    track.frames.map((chunk, index) => ({ rendition, chunk, progress: index / track.frames.length })),
  );
  return [...headers, ...frames.sort((a, b) => a.progress - b.progress)];
}

/** The steps of a run that breaks off: its headers, and so many first frames of each rendition. All frames of those that are not named. */
export function withFrames(encoded: EncodedRun, kept: Readonly<Record<string, number>>): FeedStep[] {
  const dropped = new Set(
    [...encoded.tracks].flatMap(([name, { frames }]) => frames.slice(kept[name] ?? frames.length)),
  );
  return interleaved(encoded).filter(({ chunk }) => !dropped.has(chunk));
}

/** Writes steps to a run's sink. */
export function feed(sink: RunSink, steps: readonly FeedStep[]): void {
  for (const { rendition, chunk } of steps) sink.write(rendition, chunk);
}

function trackNames({ video, audio }: EncodedRunOptions): string[] {
  const names = video === null ? [] : VIDEO_RENDITIONS.map((rendition) => rendition.name);
  return audio === null ? names : [...names, AUDIO_RENDITION];
}

async function encodeInto(folder: string, options: EncodedRunOptions): Promise<void> {
  const unfinished = `${folder}.${randomUUID()}.unfinished`;
  await mkdir(unfinished, { recursive: true });
  try {
    await promisify(execFile)('ffmpeg', ffmpegArguments(options, unfinished));
    await rename(unfinished, folder);
  } catch (error) {
    // Another test file may have encoded the same run in the meantime.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

function ffmpegArguments(options: EncodedRunOptions, folder: string): string[] {
  const { seconds, video, audio, picture } = options;
  const pattern = picture === 'black' ? 'color=black:' : 'testsrc2=';
  const rate = video === null ? '' : `${video.frameRate.numerator}/${video.frameRate.denominator}`;
  const inputs = [
    ...(video === null ? [] : ['-f', 'lavfi', '-i', `${pattern}size=128x72:rate=${rate}:duration=${seconds}`]),
    ...(audio === null ? [] : ['-f', 'lavfi', '-i', `sine=sample_rate=${audio.sampleRateHz}:duration=${seconds}`]),
  ];
  const videoOutputs =
    video === null ? [] : VIDEO_RENDITIONS.flatMap((rendition) => videoOutput(rendition, video, folder));
  const audioMap = ['-map', `${video === null ? 0 : 1}:a`];
  const audioOutput =
    audio === null
      ? []
      : [...audioMap, '-c:a', 'aac', '-b:a', '64k', '-ac', `${audio.channels}`, ...muxer(folder, AUDIO_RENDITION)];
  return ['-hide_banner', '-nostdin', '-loglevel', 'error', ...inputs, ...videoOutputs, ...audioOutput];
}

function videoOutput(
  { name, width, height }: VideoRendition,
  { keyframeFrames, bFrames, frameRate, firstGopFrames }: EncodedVideo,
  folder: string,
): string[] {
  const first = firstGopFrames === undefined ? [] : ['-force_key_frames', `expr:eq(n,${firstGopFrames})`];
  const gop = ['-g', `${keyframeFrames}`, '-keyint_min', `${keyframeFrames}`, '-sc_threshold', '0', ...first];
  return [
    ...['-map', '0:v', '-vf', `scale=${width}:${height},format=yuv420p`, '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...[...gop, '-bf', `${bFrames}`, ...(bFrames === 0 ? ['-tune', 'zerolatency'] : [])],
    ...['-threads', '1', '-video_track_timescale', `${videoTimescale(frameRate)}`, ...muxer(folder, name)],
  ];
}

function muxer(folder: string, name: string): string[] {
  return [
    ...['-avoid_negative_ts', 'disabled', '-output_ts_offset', `${RUN_START_SECONDS}`],
    ...['-movflags', '+cmaf+frag_every_frame+delay_moov+default_base_moof+frag_discont'],
    ...['-map_metadata', '-1', '-f', 'mp4', join(folder, `${name}.mp4`)],
  ];
}

/** Does not use the packager's own reader, so that tests can compare the two. */
function splitTrack(file: Buffer): EncodedTrack {
  const moofOffsets: number[] = [];
  let mdatEnd = 0;
  for (let offset = 0; offset < file.length; offset += file.readUInt32BE(offset)) {
    const type = file.toString('latin1', offset + 4, offset + 8);
    if (type === 'moof') moofOffsets.push(offset);
    if (type === 'mdat') mdatEnd = offset + file.readUInt32BE(offset);
  }
  return {
    header: file.subarray(0, moofOffsets[0]),
    frames: moofOffsets.map((offset, index) => file.subarray(offset, moofOffsets[index + 1] ?? mdatEnd)),
    trailer: file.subarray(mdatEnd),
  };
}
