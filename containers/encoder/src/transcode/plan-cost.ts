import { STREAM_VCPUS } from '#domain/encoder-capacity.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { frameStep, framesPerSecond, type VideoRendition } from '#encoder/media/media-run.ts';
import type { RenditionPlan } from './rendition-plan.ts';

/** The frame rate at which STREAM_VCPUS was measured. */
const MEASURED_FRAMES_PER_SECOND = 30;

/** vCPUs that FFmpeg takes for a plan. An estimate, good enough to compare streams. */
export function planVCpus({ video, frameRate }: RenditionPlan): number {
  if (frameRate === null) return 0;
  const [top, next] = video;
  const all = vCpusFrom(top);
  const topAlone = all - vCpusFrom(next);
  return ((all - topAlone * (1 - 1 / frameStep(top))) * framesPerSecond(frameRate)) / MEASURED_FRAMES_PER_SECOND;
}

/** The renditions from this one down make a ladder. */
function vCpusFrom(rendition: VideoRendition | undefined): number {
  const ladder = LADDER_NAMES.find((name) => name === rendition?.name);
  return ladder === undefined ? 0 : STREAM_VCPUS[ladder];
}
