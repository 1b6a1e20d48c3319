import { type Architecture, encodingVCpus } from '#domain/encoder-capacity.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { renditionNameOf } from '#domain/video-codecs.ts';
import { frameStep, videoCodec } from '#encoder/media/media-run.ts';
import type { RenditionPlan } from './rendition-plan.ts';

/** vCPUs that FFmpeg takes for a plan. An estimate, with the memory that the plan takes counted as CPU. */
export function planVCpus({ video, source }: RenditionPlan, architecture: Architecture): number {
  const rungs = video.flatMap((rendition) => {
    const codec = videoCodec(rendition);
    const name = LADDER_NAMES.find((ladder) => renditionNameOf(ladder, codec) === rendition.name);
    return name === undefined ? [] : { name, codec, frameStep: frameStep(rendition) };
  });
  return encodingVCpus({ rungs, source, architecture });
}
