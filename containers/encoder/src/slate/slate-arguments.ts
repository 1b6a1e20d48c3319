import { SLATE_IMAGE_LIMITS, type SlateImage, type SlateImageType } from '#domain/slate-images.ts';
import { type AudioRendition, frameStep, renditionFrameRate, type VideoRendition } from '#encoder/media/media-run.ts';
import { audioOutput, videoOutput } from '#encoder/transcode/ffmpeg-arguments.ts';
import { pictureSizes } from '#encoder/transcode/filter-graph.ts';
import type { OutputPlan } from '#encoder/transcode/rendition-plan.ts';

/** What is behind the text, and beside a picture of another shape. */
const BACKGROUND = '0x10141c';
/** As good as the best live picture. One quantiser for all frames: what follows the first frame repeats it exactly, in a few bytes. */
const QUANTISER = ['-qmin', '20', '-qmax', '26'];
/** Enough to have a frame of AAC that is neither the first nor the last. Without an end, FFmpeg would wait for ever. */
const SILENCE_SECONDS = 0.4;

/** What is on a slate. */
export type SlatePicture =
  | { /** Path of a PNG or JPEG. */ readonly imagePath: string }
  | { /** Is written to FFmpeg's standard input. */ readonly image: SlateImage }
  | { /** A script of `slateScript`; null for no text. */ readonly script: string | null; readonly fontsDir: string };

/** What FFmpeg may read a stranger's picture with. Without this, it would guess among all the formats that it knows. */
const DECODERS: Readonly<Record<SlateImageType, readonly string[]>> = {
  'image/png': ['-f', 'png_pipe', '-c:v', 'png'],
  'image/jpeg': ['-f', 'jpeg_pipe', '-c:v', 'mjpeg'],
};
/** Whatever the file's header has said to others. */
const MAX_PIXELS = SLATE_IMAGE_LIMITS.pixelsPerSide ** 2;

/**
 * FFmpeg's arguments for one GOP of a still picture in each of the plan's video renditions, and some frames of silence. Everything
 * that codes is as in a run of the plan, and so are the pipes.
 */
export function slateArguments(plan: OutputPlan, picture: SlatePicture): string[] {
  const videoOutputs = plan.video.flatMap((rendition, index) => [
    ...['-frames:v', `${gopFrames(plan, rendition)}`, ...QUANTISER],
    ...videoOutput(plan, index),
  ]);
  const silence = plan.audio === null ? [] : audioOutput(plan);
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning'],
    ...['-filter_complex_threads', '1', '-filter_threads', '1'],
    ...inputs(plan, picture),
    ...graph(plan, picture),
    ...videoOutputs,
    ...(plan.audio === null ? [] : ['-map', `${plan.video.length > 0 ? 1 : 0}:a`]),
    ...silence,
  ];
}

/** Frames from one IDR frame of a rendition to the next. */
export function gopFrames({ keyframeFrames }: OutputPlan, rendition: VideoRendition): number {
  if (keyframeFrames === null) throw new Error('the plan has video without keyframes');
  return keyframeFrames / frameStep(rendition);
}

function inputs({ video, audio }: OutputPlan, picture: SlatePicture): string[] {
  const best = video[0];
  const background =
    best === undefined ? [] : ['-f', 'lavfi', '-i', `color=c=${BACKGROUND}:s=${best.width}x${best.height}:r=1:d=1`];
  const silence = audio === null ? [] : ['-f', 'lavfi', '-i', silentSource(audio)];
  return [...background, ...silence, ...(best === undefined ? [] : imageInput(picture))];
}

function imageInput(picture: SlatePicture): string[] {
  if ('imagePath' in picture) return ['-i', picture.imagePath];
  if ('image' in picture) return [...DECODERS[picture.image.type], '-max_pixels', `${MAX_PIXELS}`, '-i', 'pipe:0'];
  return [];
}

function silentSource({ sampleRateHz, channels }: AudioRendition): string {
  return `anullsrc=r=${sampleRateHz}:cl=${channels === 1 ? 'mono' : 'stereo'}:d=${SILENCE_SECONDS}`;
}

/** The picture is composed once, scaled to each size once, and then repeated. */
function graph(plan: OutputPlan, picture: SlatePicture): string[] {
  const { video } = plan;
  const best = video[0];
  if (best === undefined) return [];
  const links = [`${composed(plan, picture)},format=yuv420p,setsar=1[s0]`];
  const sizes = pictureSizes(plan);
  for (const [at, { size, indices }] of sizes.entries()) {
    const isLast = at === sizes.length - 1;
    const scale = at === 0 ? 'null' : `scale=${size.width}:${size.height},setsar=1`;
    const still = isLast ? `[s${at}]${scale}` : `[s${at}]${scale},split=2[t${at}][s${at + 1}];[t${at}]null`;
    const outputs = indices.map((index) => `[v${index}]`).join('');
    const split = indices.length > 1 ? `,split=${indices.length}` : '';
    links.push(`${still},${repeated(plan, size)}${split}${outputs}`);
  }
  return ['-filter_complex', links.join(';')];
}

function composed({ video, audio }: OutputPlan, picture: SlatePicture): string {
  const { width, height } = video[0] ?? { width: 2, height: 2 };
  const still = 'trim=end_frame=1';
  if (!('script' in picture)) {
    const fitted = `scale=${width}:${height}:force_original_aspect_ratio=decrease`;
    const input = audio === null ? '[1:v:0]' : '[2:v:0]';
    return `[0:v]${still}[bg];${input}${still},${fitted}[image];[bg][image]overlay=(W-w)/2:(H-h)/2:format=auto`;
  }
  if (picture.script === null) return `[0:v]${still}`;
  // The text of strangers is in the script. Base64 has no character that means something to the parser of filters.
  const script = Buffer.from(picture.script).toString('base64');
  return `[0:v]${still},subtitles=filename='data\\:text/plain;base64,${script}':fontsdir='${picture.fontsDir}'`;
}

function repeated(plan: OutputPlan, rendition: VideoRendition): string {
  if (plan.frameRate === null) throw new Error('the plan has video without a frame rate');
  const { numerator, denominator } = renditionFrameRate(plan.frameRate, rendition);
  // One frame more than is taken: the last one would have no known duration.
  const repeats = gopFrames(plan, rendition) + 1;
  return `loop=loop=${repeats}:size=1,settb=${denominator}/${numerator},setpts=N`;
}
