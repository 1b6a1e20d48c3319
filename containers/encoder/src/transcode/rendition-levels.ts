import { RUNGS } from '#domain/ladders.ts';
import { BASE_CODEC } from '#domain/video-codecs.ts';
import {
  type FrameRate,
  framesPerSecond,
  renditionFrameRate,
  type VideoRendition,
  videoCodec,
} from '#encoder/media/media-run.ts';
import { type RenditionPlan, rungKbps } from './rendition-plan.ts';

const HALVED = 2;
/** Below this many frames per second, motion falls apart. A smaller picture with all its frames is better then. */
const MIN_HALVED_FRAMES_PER_SECOND = 12;

/**
 * What a source gets if its task can't encode `full` in real time, best first and beginning with `full`. First, the renditions in
 * codecs that only some players have are left out, the best one first. Then, each time the best rendition has half of its frames,
 * and then is left out, until one rendition is left.
 */
export function renditionLevels(full: RenditionPlan): readonly RenditionPlan[] {
  if (full.video.length === 0) return [full];
  const video = full.video.filter((rendition) => videoCodec(rendition) === BASE_CODEC);
  const extras = full.video.filter((rendition) => videoCodec(rendition) !== BASE_CODEC);
  const withExtras = extras.map((_, index) => ({ ...full, video: [...video, ...extras.slice(index)] }));
  return [...withExtras, ...baseLevels({ ...full, video })];
}

function baseLevels(full: RenditionPlan): readonly RenditionPlan[] {
  return full.video.flatMap((_, index) => {
    const plan = { ...full, video: full.video.slice(index) };
    const halved = withHalvedTop(plan);
    return halved === null ? [plan] : [plan, halved];
  });
}

/** Null if the GOP can't be halved, because IDR frames must fall on the same moment in every rendition. */
function withHalvedTop(plan: RenditionPlan): RenditionPlan | null {
  const { frameRate, keyframeFrames, video } = plan;
  const [top, ...others] = video;
  if (top === undefined || frameRate === null || keyframeFrames === null || keyframeFrames % HALVED !== 0) return null;
  if (framesPerSecond(frameRate) / HALVED < MIN_HALVED_FRAMES_PER_SECOND - 0.02) return null;
  return { ...plan, video: [halve(top, frameRate), ...others] };
}

/** A bitrate for many frames would be wasted on half of them. */
function halve(top: VideoRendition, frameRate: FrameRate): VideoRendition {
  const halved = { ...top, frameStep: HALVED };
  const rung = RUNGS.find(({ name }) => name === top.name);
  return rung === undefined ? halved : { ...halved, videoKbps: rungKbps(rung, renditionFrameRate(frameRate, halved)) };
}
