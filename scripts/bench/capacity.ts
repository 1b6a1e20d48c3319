import { LADDER_NAMES, type LadderName } from '#domain/ladders.ts';
import { makeClip } from '#kit/clip.ts';
import type { BenchContext, Benchmark } from './bench-context.ts';
import { decodeRecipe, headendRecipe, measureCpuSeconds, type Recipe, scaleRecipe } from './recipe.ts';

const CLIP_SECONDS = 4;
/** The least of these counts, because other load on the machine can only add to CPU time. */
const REPETITIONS = 3;
const FRAME_RATES = [30, 60] as const;

/** A typical source for each ladder: the height of its top rung, at a higher bitrate. */
const SOURCES = {
  '360p': { width: 640, height: 360, videoKbps: 1_000 },
  '480p': { width: 854, height: 480, videoKbps: 1_500 },
  '720p': { width: 1280, height: 720, videoKbps: 3_000 },
  '1080p': { width: 1920, height: 1080, videoKbps: 6_000 },
  '1440p': { width: 2560, height: 1440, videoKbps: 9_000 },
  '2160p': { width: 3840, height: 2160, videoKbps: 18_000 },
} as const satisfies Record<LadderName, { width: number; height: number; videoKbps: number }>;

/**
 * The CPU time of each ladder at 30 and 60 fps: user and system seconds of FFmpeg per second of media, which is the
 * number of cores that it keeps busy. `publish` is all of it for a source of the ladder's own height. `decode` is the
 * decoding of that source alone, and `downscale` what scaling it to the next lower rung adds. The input is a file, read
 * at full speed, because CPU time hardly depends on other load.
 */
export const capacities: readonly Benchmark[] = LADDER_NAMES.toReversed().flatMap((ladder) =>
  FRAME_RATES.map((framesPerSecond) => capacity(ladder, framesPerSecond)),
);

function capacity(ladder: LadderName, framesPerSecond: number): Benchmark {
  return {
    name: `capacity/${ladder}${framesPerSecond}`,
    targets: {},
    run: async (context) => {
      const frameRate = String(framesPerSecond);
      const clipPath = await makeClip({ ...SOURCES[ladder], seconds: CLIP_SECONDS, frameRate });
      const measure = (recipe: Recipe) => coresOf(context, recipe, clipPath);
      const publish = await measure(await headendRecipe(clipPath, ladder));
      const decode = await measure(decodeRecipe);
      const nextRung = LADDER_NAMES[LADDER_NAMES.indexOf(ladder) + 1];
      const downscale = nextRung === undefined ? null : (await measure(scaleRecipe(SOURCES[nextRung]))) - decode;
      return { publish, decode, downscale };
    },
  };
}

async function coresOf(context: BenchContext, recipe: Recipe, clipPath: string): Promise<number> {
  const seconds: number[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    seconds.push(await measureCpuSeconds(context, recipe, clipPath));
  }
  return Math.min(...seconds) / CLIP_SECONDS;
}
