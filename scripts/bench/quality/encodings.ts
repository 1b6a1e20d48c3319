import { type LadderName, ladderRungs, type Rung } from '#domain/ladders.ts';
import { DEFAULT_LATENCY } from '#domain/latency-profiles.ts';
import { videoOutput } from '#encoder/transcode/ffmpeg-arguments.ts';
import { type OutputPlan, planRenditions } from '#encoder/transcode/rendition-plan.ts';
import type { Recipe } from '../recipe.ts';
import { USUAL_CODEC_ARGUMENTS, usualEncoderArguments } from '../systems/usual-ladder.ts';
import { CLIP_FRAME_RATE, CLIP_SIZE } from './clip-format.ts';

const LADDER: LadderName = '1080p';
export const QUALITY_RUNGS: readonly Rung[] = ladderRungs(LADDER);

/** The usual recipe's settings, with which all others are compared. */
export const USUAL = 'recipe';
/** The encoder's own settings. */
export const OWN = 'headend';

/** FFmpeg's options that would change the encoder's own settings. */
const CHANGES = {
  [OWN]: [],
  'divided-blocks': ['-partitions', 'i8x8,i4x4,p8x8'],
  veryfast: ['-partitions', 'i8x8,i4x4,p8x8', '-motion-est', 'hex', '-trellis', '0'],
  superfast: ['-subq', '1', '-trellis', '0'],
  faster: ['-partitions', 'i8x8,i4x4,p8x8', '-motion-est', 'hex', '-subq', '4', '-refs', '2'],
  'weak-aq': ['-aq-strength', '0.7'],
  'one-thread': ['-threads', '1'],
  /** Holds back ten frames, so only `standard` can have it. */
  lookahead: ['-rc-lookahead', '10', '-mbtree', '1'],
} as const satisfies Record<string, readonly string[]>;

export type EncodingName = typeof USUAL | keyof typeof CHANGES;
const ALL = [USUAL, ...Object.keys(CHANGES)] as readonly EncodingName[];
/** For large pictures, which take long. */
const FEW: readonly EncodingName[] = [USUAL, OWN, 'veryfast', 'superfast', 'lookahead'];

/** What a rung is encoded with. */
export const encodingNames = (rung: Rung): readonly EncodingName[] => (rung.shortSide < 1080 ? ALL : FEW);

const INPUT = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-threads', '1', '-f', 'yuv4mpegpipe', '-i', 'pipe:0'];

/** What reading pictures takes by itself. */
export const READ_RECIPE: Recipe = { args: [...INPUT, '-map', '0:v', '-f', 'null', '-'], outputs: 0 };

/** Encodes pictures that have a rung's size already. All have the same rate-control buffer. */
export function encodingRecipe(name: EncodingName, rung: Rung): Recipe {
  const own = videoOutput(outputPlan(rung), 0);
  const output = own.slice(-1);
  if (name === USUAL) {
    const rateBuffer = own.slice(own.indexOf('-bufsize')).slice(0, 2);
    const usual = [...USUAL_CODEC_ARGUMENTS, ...usualEncoderArguments(rung, ''), ...rateBuffer];
    return {
      args: [...INPUT, '-map', '0:v', ...usual, '-movflags', '+frag_keyframe', '-f', 'mp4', ...output],
      outputs: 1,
    };
  }
  const graph = ['-filter_complex_threads', '1', '-filter_complex', '[0:v]null[v0]'];
  return { args: [...graph, ...INPUT, ...own.slice(0, -1), ...CHANGES[name], ...output], outputs: 1 };
}

function outputPlan(rung: Rung): OutputPlan {
  const source = { video: { codec: 'h264', ...CLIP_SIZE, frameRate: CLIP_FRAME_RATE }, audio: null } as const;
  const plan = planRenditions(source, LADDER, DEFAULT_LATENCY);
  return { ...plan, video: plan.video.filter(({ name }) => name === rung.name) };
}
