import { BASE_CODEC } from '#domain/video-codecs.ts';
import { type VideoRendition, videoCodec } from '#encoder/media/media-run.ts';
import type { StreamPackage } from './stream-package.ts';

/** Why a stream has no poster: it has no picture, or it could not be made now. */
export type NoPoster = 'no-picture' | 'not-now';

/** A picture whose short side has so many lines is enough for a poster, and decodes in milliseconds. */
const ENOUGH_LINES = 480;

/**
 * A short MP4 file that begins with the newest keyframe: that of the smallest rendition with enough lines, or else of the best. Null if
 * there is no picture.
 */
export function posterSource(stream: Pick<StreamPackage, 'playableRun' | 'renditions'>): Buffer | null {
  const rendition = posterRendition(stream.playableRun?.video ?? []);
  const timeline = rendition === undefined ? undefined : stream.renditions.get(rendition.name);
  const segment = timeline?.held().findLast(({ parts }) => parts.length > 0);
  const init = segment === undefined ? undefined : timeline?.initSection(segment.epoch);
  const [first] = segment?.parts ?? [];
  // Every segment begins with a keyframe.
  return init === undefined || first === undefined ? null : Buffer.concat([init, first.data]);
}

/** H.264 decodes fastest. */
function posterRendition(video: readonly VideoRendition[]): VideoRendition | undefined {
  const usual = video
    .filter((rendition) => videoCodec(rendition) === BASE_CODEC)
    .sort((a, b) => shortSide(a) - shortSide(b));
  return usual.find((rendition) => shortSide(rendition) >= ENOUGH_LINES) ?? usual.at(-1);
}

const shortSide = ({ width, height }: VideoRendition): number => Math.min(width, height);
