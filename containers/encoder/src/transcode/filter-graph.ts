import { type FrameRate, frameStep, type VideoRendition } from '#encoder/media/media-run.ts';
import type { HdrTransfer } from '#encoder/media/source-description.ts';
import type { OutputPlan, PictureSize, RenditionPlan } from './rendition-plan.ts';

/**
 * Frames that are really interlaced become progressive ones; others stay as they are. Many streams are marked as interlaced
 * whose frames are not, so `idet` marks each frame by what it sees. With its own threshold of 1.04, it takes fine patterns for
 * fields. Both filters hold a frame back.
 */
const DEINTERLACE = ['idet=intl_thres=1.2', 'bwdif=mode=send_frame:deint=interlaced'] as const;

/** FFmpeg's names (ITU-T H.273, table 3). */
const TRANSFER_NAMES = { pq: 'smpte2084', hlg: 'arib-std-b67' } as const satisfies Record<HdrTransfer, string>;
/** Luminance of white on paper (ITU-R BT.2408). It becomes 84 % of full scale, and what is brighter gets the rest. */
const REFERENCE_WHITE_NITS = 203;

/**
 * `-filter_complex` for a plan's video: one filter chain in which each picture size is scaled from the next larger one. Renditions of
 * one size in several codecs share its pictures. Frames before `startSeconds` are dropped.
 */
export function filterGraph(plan: RenditionPlan, startSeconds: number): string[] {
  const { source, frameRate } = plan;
  if (source === null || frameRate === null) return [];
  const sizes = pictureSizes(plan);
  const links = sizes.flatMap(({ size, indices }, at) => {
    const above = sizes[at - 1]?.size;
    const scaling = above === undefined ? firstFilters(plan, startSeconds, size) : scaleFilters(above, size);
    const isReduced = frameStep(size) > 1;
    const outputs = indices.map((index) => (isReduced ? `[f${index}]` : `[v${index}]`));
    const all = at < sizes.length - 1 ? [...outputs, `[s${at + 1}]`] : outputs;
    const filters = [...scaling, ...(all.length > 1 ? [`split=${all.length}`] : [])];
    const link = `${at === 0 ? '[0:v:0]' : `[s${at}]`}${filters.length > 0 ? filters.join(',') : 'null'}${all.join('')}`;
    const reduced = indices.map((index) => `[f${index}]${everyNthFrame(size, frameRate)}[v${index}]`);
    return isReduced ? [link, ...reduced] : [link];
  });
  return links.length === 0 ? [] : ['-filter_complex', links.join(';')];
}

/** A picture size, and the indices of the renditions that have it. */
export interface SharedPicture {
  readonly size: VideoRendition;
  readonly indices: readonly number[];
}

/** The pictures that have to be made for a plan, largest first. Renditions that differ in their codec alone share theirs. */
export function pictureSizes({ video }: Pick<OutputPlan, 'video'>): SharedPicture[] {
  const isAlike = (a: VideoRendition, b: VideoRendition): boolean =>
    a.width === b.width && a.height === b.height && frameStep(a) === frameStep(b);
  const sizes = video.filter((rendition, index) => video.findIndex((other) => isAlike(rendition, other)) === index);
  return sizes.map((size) => ({
    size,
    indices: [...video.keys()].filter((index) => video[index] !== undefined && isAlike(size, video[index])),
  }));
}

/** From decoded pictures to those of the best rendition. */
function firstFilters({ source, input }: RenditionPlan, startSeconds: number, rendition: VideoRendition): string[] {
  const decoded = input.video?.decoded;
  const hdr = decoded?.hdr ?? null;
  const size = decoded ?? source ?? rendition;
  const start = [`trim=start=${startSeconds}`, `setpts=PTS-${startSeconds}/TB`];
  const scaled = scaleFilters(size, rendition);
  return [
    ...start,
    ...(decoded?.isInterlaced ? DEINTERLACE : []),
    // Tone mapping costs most, so it gets the smaller picture.
    ...(hdr === null ? [] : [...scaled, ...toneMapping(hdr)]),
    ...['format=yuv420p', 'setsar=1'],
    ...(hdr === null ? scaled : []),
  ];
}

/**
 * Maps a high dynamic range to BT.709. Not every source tells its colours in all the places that zscale looks at, and those with
 * such a transfer function have BT.2020's.
 */
function toneMapping(hdr: HdrTransfer): string[] {
  return [
    `setparams=color_primaries=bt2020:color_trc=${TRANSFER_NAMES[hdr]}:colorspace=bt2020nc`,
    `zscale=t=linear:npl=${REFERENCE_WHITE_NITS}:p=bt709:m=gbr`,
    ...['format=gbrpf32le', 'tonemap=mobius:desat=0', 'zscale=t=bt709:m=bt709:r=tv'],
  ];
}

function scaleFilters(from: PictureSize, to: PictureSize): string[] {
  const isSameSize = from.width === to.width && from.height === to.height;
  return isSameSize ? [] : [`scale=${to.width}:${to.height}`, 'setsar=1'];
}

/**
 * Takes a frame once it is about `frameStep` frames after the last one. Counting frames would take too few of a source
 * that lacks some, and `-r` alone would first let extra frames through, so that the picture lags behind the sound. Closed captions have
 * a few letters in each frame. The half that is left would be gibberish, so there are none.
 */
function everyNthFrame(rendition: VideoRendition, { numerator, denominator }: FrameRate): string {
  const minSeconds = ((frameStep(rendition) - 0.5) * denominator) / numerator;
  const isTaken = `isnan(prev_selected_t)+gte(t-prev_selected_t,${minSeconds.toFixed(6)})`;
  return `select='${isTaken}',sidedata=mode=delete:type=A53_CC`;
}
