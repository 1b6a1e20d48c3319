import { DEFAULT_LADDER } from '#domain/ladders.ts';
import { FIRST_OUTPUT_FD } from '#encoder/transcode/ffmpeg-process.ts';
import { makeClip } from '#kit/clip.ts';
import type { Benchmark } from './bench-context.ts';
import { percentile } from './latency-summary.ts';
import { headendRecipe, measureCpuSeconds, type Recipe } from './recipe.ts';
import { LADDER, USUAL_CODEC_ARGUMENTS, usualEncoderArguments } from './systems/usual-ladder.ts';

const REPETITIONS = 3;

/** FFmpeg's CPU time for the benchmark clip at full speed: Headend's arguments compared to one output per rendition. */
export const recipeCpu: Benchmark = {
  name: 'cpu/recipe',
  targets: { ratio: { atMost: 0.95 } },
  run: async (context) => {
    const clipPath = await makeClip();
    const headend = await headendRecipe(clipPath, DEFAULT_LADDER);
    const headendSeconds: number[] = [];
    const usualSeconds: number[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      // Alternately, so that other load on the machine affects both alike.
      headendSeconds.push(await measureCpuSeconds(context, headend, clipPath));
      usualSeconds.push(await measureCpuSeconds(context, usualRecipe(), clipPath));
    }
    const headendCpuSeconds = percentile(headendSeconds, 50) ?? Number.NaN;
    const usualCpuSeconds = percentile(usualSeconds, 50) ?? Number.NaN;
    return { headendCpuSeconds, usualCpuSeconds, ratio: headendCpuSeconds / usualCpuSeconds };
  },
};

/** Every rendition is scaled from the source and has its own audio encoder. */
function usualRecipe(): Recipe {
  const outputs = LADDER.flatMap((rung, index) => [
    ...['-map', '0:v', '-map', '0:a', ...USUAL_CODEC_ARGUMENTS, ...usualEncoderArguments(rung, '')],
    ...['-f', 'flv', `pipe:${FIRST_OUTPUT_FD + index}`],
  ]);
  const input = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-f', 'flv', '-i', 'pipe:0'];
  return { args: [...input, ...outputs], outputs: LADDER.length };
}
